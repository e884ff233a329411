#!/bin/sh
# Format and static analysis of everything; ends with 1 where something is to be done.
set -u
bad=0
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror || bad=1
git ls-files 'scripts/*.sh' 'tests/**/*.sh' 'packaging/debian/p*' | xargs shellcheck -s sh || bad=1
[ ! -f .ci/run ] || shellcheck .ci/run || bad=1
# uninitvar: cppcheck does not see that TAILQ_FOREACH sets its variable; the compiler and the sanitizers look for the rest.
# shellcheck disable=SC2046
cppcheck --quiet --std=c11 -I. --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=uninitvar -j2 $(git ls-files '*.c') || bad=1
git ls-files '*.py' | while read -r file; do
    /usr/bin/python3 -m py_compile "$file" || exit 1
done || bad=1
exit $bad
