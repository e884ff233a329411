#!/bin/sh
# Run the given cmocka programs; print what failed, then one closing line "N passed, N failed" of tests.
set -u
passed=0 failed=0
for program in "$@"; do
    out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1)
    status=$?
    ok=$(printf '%s\n' "$out" | grep -c '^ok ')
    bad=$(printf '%s\n' "$out" | grep -c '^not ok ')
    [ $status -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$bad" -gt 0 ] && printf '%s\n%s\n' "FAILED $program (exit $status)" "$out"
    passed=$((passed + ok))
    failed=$((failed + bad))
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
