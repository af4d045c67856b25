#!/bin/sh
# pack_passwords.sh <passwords.json> <list>: the common passwords that a new password can be, one on each line, after
# an empty first line. The input is a JSON array of lower-case texts without escapes.
set -eu
{
    echo
    sed 's/^\["//; s/"\]$//; s/","/\n/g' "$1" | grep -E '.{8,}' | LC_ALL=C sort -u
} >"$2.tmp"
# OWASP ASVS 5.0, 6.2.4: at least the 3000 most common ones that the rules for passwords allow.
if [ "$(wc -l <"$2.tmp")" -le 3000 ] || grep -q '["\\]' "$2.tmp"; then
    echo "$1: this is not the list that was expected" >&2
    exit 1
fi
mv "$2.tmp" "$2"
