#!/bin/sh
# Print a C table of the given numbered SQL files: {number, name, text}, in order of number.
set -eu
echo '#include "shared/db/sql_files.h"'
echo 'const struct sql_file sql_files[] = {'
for file in "$@"; do
    name=$(basename "$file")
    number=$(printf '%s' "$name" | sed 's/^0*\([0-9]*\)_.*/\1/')
    printf '    {%s, "%s",\n' "$number" "$name"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/     "/' -e 's/$/\\n"/' "$file"
    echo '    },'
done
echo '};'
echo 'const unsigned sql_files_count = sizeof(sql_files) / sizeof(*sql_files);'
