#!/bin/sh
# Read or change one setting in a YAML file of the form that config/ has: sections with indented keys. Comments stay.
#   config_key.sh get FILE SECTION KEY         print its value without quotes; nothing where it is not set
#   config_key.sh set FILE SECTION KEY VALUE   in place; a new key, or section, goes where it belongs
#   config_key.sh drop FILE SECTION KEY        take the line out
# A VALUE of digits alone is written as a number, any other as quoted text.
set -eu
ACTION=$1 SECTION=$3: KEY=$4: VALUE=${5-}
export ACTION SECTION KEY VALUE
file=$2

if [ "$ACTION" = get ]; then
    awk '/^[^ #]/ { inside = $1 == ENVIRON["SECTION"] }
        inside && /^ / && $1 == ENVIRON["KEY"] {
            sub(/^[^:]*:[ \t]*/, "")
            if (/^"/) { sub(/^"/, ""); sub(/".*/, "") } else sub(/[ \t]*(#.*)?$/, "")
            print
            exit
        }' "$file"
    exit
fi

# The key goes where it stands, else behind the last line of its section, else into a new section at the end.
awk '
    function put() {
        if (ENVIRON["ACTION"] == "set" && !done)
            print "  " ENVIRON["KEY"] (ENVIRON["VALUE"] ~ /^[0-9]+$/ ? " " ENVIRON["VALUE"] : " \"" ENVIRON["VALUE"] "\"")
        done = 1
    }
    /^[ \t]*$/ { blank = blank $0 "\n"; next }
    /^[^ #]/ {
        if (inside) put()
        inside = $1 == ENVIRON["SECTION"]
        known = known || inside
    }
    { printf "%s", blank; blank = "" }
    inside && /^ / && $1 == ENVIRON["KEY"] { put(); next }
    { print }
    END {
        if (!known && ENVIRON["ACTION"] == "set") print "\n" ENVIRON["SECTION"]
        put()
    }' "$file" >"$file.new"
cat "$file.new" >"$file"
rm "$file.new"
