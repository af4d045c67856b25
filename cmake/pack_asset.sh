#!/bin/sh
# pack_asset.sh <file> <file.gz>: compresses an asset for embedding, the same bytes every time.
set -eu

# ReDoc's bundle fetches a logo from a CDN. The pages must not make readers' browsers talk to anyone else, so that
# one element goes. When an update changes it, the build must fail here and not the policy in the browser.
logo='[a-zA-Z_$]*\.createElement("img",{alt:"redocly logo",[^{}]*src:"https://cdn\.redoc\.ly/[^"]*"})'

case $1 in
*/redoc.standalone.js)
    grep -q "$logo" "$1" || { echo "$1: the logo to strip is not there any more" >&2; exit 1; }
    sed "s|$logo|null|" "$1" >"$2.tmp"
    if grep -q 'cdn\.redoc' "$2.tmp"; then echo "$1: still refers to a CDN" >&2; exit 1; fi
    ;;
*)
    cat "$1" >"$2.tmp"
    ;;
esac
gzip -9n <"$2.tmp" >"$2"
rm "$2.tmp"
