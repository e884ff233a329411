#!/bin/sh
# Run the given cmocka programs; print what failed or was skipped, then one closing line
# "unit: N passed, N failed, N skipped" of tests.
set -u
passed=0 failed=0 skipped=0
for program in "$@"; do
    out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1)
    status=$?
    ok=$(printf '%s\n' "$out" | grep -c '^ok ')
    skip=$(printf '%s\n' "$out" | grep -c '^not ok [0-9]* # SKIP')
    bad=$(($(printf '%s\n' "$out" | grep -c '^not ok [0-9]') - skip))
    [ $status -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$bad" -gt 0 ] && printf '%s\n%s\n' "FAILED $program (exit $status)" "$out"
    [ "$skip" -gt 0 ] && [ "$bad" -eq 0 ] && printf '%s\n%s\n' "SKIPPED in $program" "$out" | grep -v '^ok \|^not ok \|^[#1]' | uniq
    passed=$((passed + ok))
    failed=$((failed + bad))
    skipped=$((skipped + skip))
done
echo "unit: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
