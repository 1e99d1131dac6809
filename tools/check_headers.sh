#!/usr/bin/env bash
# Compiles each public header by itself.
# usage: tools/check_headers.sh COMPILER BUILD_INCLUDE
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
compiler=$1 generated=$2 failed=0 count=0
while read -r header; do
  count=$((count + 1))
  if ! echo "#include \"ebb/$header\"" |
    $compiler -std=c++20 -Wall -Wextra -Werror -fsyntax-only -Iinclude -I"$generated" -x c++ -; then
    echo "ebb/$header does not compile alone" >&2
    failed=1
  fi
done < <(find core kernels autograd nn io -name '*.h' -not -path '*/cpu/*' -not -path '*/cuda/*' | sort; echo ebb.h)
echo "$count headers"
exit $failed
