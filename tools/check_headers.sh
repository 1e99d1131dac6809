#!/usr/bin/env bash
# Compiles each header that is installed by itself, and all of them with a program that uses them, by GCC and Clang, as C++20
# and C++23, with the warnings that a user may have on.
# usage: tools/check_headers.sh COMPILER BUILD_INCLUDE
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
compiler=$1 generated=$2

# compiles COMPILER STANDARD BUILD_INCLUDE OPTION...: the program that is its input
compiles() { $1 "-std=$2" -Wall -Wextra -Werror -fsyntax-only -Iinclude -I"$3" "${@:4}" -x c++ -; }

# together BUILD_INCLUDE COMPILER STANDARD
together() {
  { python3 tools/house.py --headers && echo tests/install/consumer.cpp; } | sed 's/.*/#include "&"/' |
    compiles "$2" "$3" "$1" -I. -Wshadow -Wconversion -pedantic && echo "all of them, by $2 as $3" && return
  echo "the headers have warnings by $2 as $3" >&2
  return 1
}

# stands_alone BUILD_INCLUDE COMPILER HEADER
stands_alone() {
  echo "#include \"$3\"" | compiles "$2" c++20 "$1" && echo "$3" && return
  echo "$3 does not compile alone" >&2
  return 1
}
export -f compiles together stands_alone

printf '%s\n' 'g++ c++20' 'g++ c++23' 'clang++ c++20' 'clang++ c++2b' |
  xargs -P "$(nproc)" -L1 bash -c 'together "$@"' _ "$generated"
python3 tools/house.py --headers | xargs -P "$(nproc)" -I{} bash -c 'stands_alone "$@"' _ "$generated" "$compiler" {}
