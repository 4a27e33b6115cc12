#!/bin/sh
# freeze.sh VERSION: keeps the headers that plugins are written with as tests/abi/VERSION, once, when that version is
# released. What is there already is not touched.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
sdk=$folder/../../sdk
target=$folder/$1
if [ -e "$target/layout.txt" ]; then
  echo "ABI $1 is frozen already" >&2
  exit 1
fi
mkdir -p "$target/include/wshub"
for header in "$sdk"/include/wshub/*.h; do
  case $(basename "$header") in
    testing*.h | poco_json.h) ;; # for tests, and for another library
    *) cp "$header" "$target/include/wshub/" ;;
  esac
done
cp "$sdk/cmake/plugin.map" "$target/"
python3 "$folder/layout.py" print "$target/include" >"$target/layout.txt"
