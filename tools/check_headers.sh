#!/usr/bin/env bash
# Compiles each public header by itself. One that a source file of the same name includes first has been.
# usage: tools/check_headers.sh COMPILER BUILD_INCLUDE
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
compiler=$1 generated=$2

# first_include FILE: what it includes first.
first_include() { sed -n 's/^#include "\(.*\)"$/\1/p;/^#include/q' "$1"; }

stands_alone() {
  local header=$1 source=${1%.h}.cpp
  if [ -e "$source" ] && [ "$(first_include "$source")" = "ebb/$header" ]; then return 0; fi
  echo "#include \"ebb/$header\"" |
    $compiler -std=c++20 -Wall -Wextra -Werror -fsyntax-only -Iinclude -I"$generated" -x c++ -
}

failed=0 count=0
while read -r header; do
  count=$((count + 1))
  if ! stands_alone "$header"; then
    echo "ebb/$header does not compile alone" >&2
    failed=1
  fi
done < <(find core kernels autograd nn io zoo -name '*.h' -not -path '*/cpu/*' -not -path '*/cuda/*' | sort; echo ebb.h)
echo "$count headers"
exit $failed
