#!/bin/sh
# Every test of dtuhub. Installs what is missing, builds, and runs in a temporary folder of its own on free ports.
# The last line is "N passed, N failed, N skipped", summed over all.
set -u
cd "$(dirname "$0")/.." || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL
make="make -s --no-print-directory"
python=${PYTHON:-/usr/bin/python3}
jobs=-j$(getconf _NPROCESSORS_ONLN)
passed=0 failed=0 skipped=0

sh scripts/packages.sh build run test || exit 1
tmp=$(mktemp -d /tmp/dtuhub-test-XXXXXX) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
export TMPDIR="$tmp"

number() {
    sed -n "s/.*[^0-9]\([0-9][0-9]*\) $1.*/\1/p" | tail -n 1
}

# step NAME COMMAND...: run it, show what it says, and add the last "N passed, N failed, N skipped" in that to the sums.
# A step that fails without having counted a failure counts as one.
step() {
    name=$1
    shift
    echo "=== $name"
    { "$@" 2>&1 && echo 0 >"$tmp/status" || echo 1 >"$tmp/status"; } | tee "$tmp/output"
    line=" $(grep -E '[0-9]+ (passed|failed|skipped|error)' "$tmp/output" | tail -n 1)"
    p=$(echo "$line" | number passed) f=$(echo "$line" | number failed) e=$(echo "$line" | number error)
    s=$(echo "$line" | number skipped)
    f=$((${f:-0} + ${e:-0}))
    [ "$(cat "$tmp/status")" = 0 ] || [ "$f" -gt 0 ] || f=1
    passed=$((passed + ${p:-0})) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
}

# pytest BUILD ARGUMENT...: over the programs in BUILD, two at a time: most of their time is waiting. That no test is
# chosen (5) is no fault.
pytest() {
    build=$1
    shift
    DTUHUB_BUILD=$build "$python" -m pytest -q -n 2 -c tests/pytest.ini --rootdir tests --basetemp "$tmp/pytest" \
        "$@"
    status=$?
    [ $status -eq 0 ] || [ $status -eq 5 ]
}

# build_and_check SANITIZER TARGET...
build_and_check() {
    san=$1
    shift
    # shellcheck disable=SC2086
    $make $jobs "SAN=$san" "$@" && $make "SAN=$san" check
}

fuzz_shortly() {
    # shellcheck disable=SC2086
    $make $jobs SAN=fuzz fuzzers && $make fuzz FUZZ_SECONDS=5
}

step "unit tests" build_and_check "" all peers
step "unit tests with AddressSanitizer" build_and_check asan programs
step "unit tests with ThreadSanitizer" build_and_check tsan programs
step "fuzzers, 5 s each" fuzz_shortly
# shellcheck disable=SC2046
step "end to end" pytest build $(ls -d tests/e2e tests/faults tests/browser 2>/dev/null)
step "end to end with AddressSanitizer" pytest build/asan -m asan tests/e2e

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
