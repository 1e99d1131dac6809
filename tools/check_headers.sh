#!/usr/bin/env bash
# Compiles each header that is installed by itself, with the warnings that a user may have on.
# usage: tools/check_headers.sh COMPILER BUILD_INCLUDE
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
compiler=$1 generated=$2

stands_alone() {
  echo "#include \"$3\"" |
    $1 -std=c++20 -Wall -Wextra -Werror -fsyntax-only -Iinclude -I"$2" -x c++ - && echo "$3" && return
  echo "$3 does not compile alone" >&2
  return 1
}
export -f stands_alone

python3 tools/house.py --headers | xargs -P "$(nproc)" -I{} bash -c 'stands_alone "$@"' _ "$compiler" "$generated" {}
