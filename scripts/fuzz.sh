#!/bin/sh
# Run fuzzers, each from its seeds in tests/fuzz/seeds/NAME/ and what earlier runs found in its corpus beside the program.
#   fuzz.sh SECONDS PROGRAM...
# SECONDS is for each. A finding stays beside the program as crash-NAME-... Ends with "fuzz: N passed, N failed".
set -u
seconds=$1
shift
passed=0 failed=0
for program in "$@"; do
    name=${program##*/fuzz_}
    folder=$(dirname "$program")
    mkdir -p "$folder/corpus/$name"
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1500 -max_len=8192 -print_final_stats=1 \
        -artifact_prefix="$folder/crash-$name-" "$folder/corpus/$name" "tests/fuzz/seeds/$name" \
        >"$folder/$name.log" 2>&1; then
        passed=$((passed + 1))
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$name.log")
        echo "  fuzz_$name: $runs runs, nothing found"
    else
        failed=$((failed + 1))
        echo "FAILED fuzz_$name, see $folder/$name.log"
        grep -m 1 -A 30 'ERROR\|runtime error' "$folder/$name.log" || tail -n 30 "$folder/$name.log"
    fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
