# shellcheck shell=bash
# Configures and builds without a screenful of output.

# CUDA's own installer leaves nvcc outside of PATH.
command -v nvcc >/dev/null || PATH=$PATH:/usr/local/cuda/bin

# quietly LABEL LOG COMMAND...: one line of progress; the end of the log where the command fails.
quietly() {
  local label=$1 log=$2 start=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  printf '%s ... ' "$label"
  if "$@" </dev/null 2>&1 | tee "$log" | show_progress "$label"; then
    echo "done in $((SECONDS - start)) s"
  else
    printf 'failed; the end of %s:\n' "$log"
    tail -n 60 "$log"
    return 1
  fi
}

# On a terminal, repeats the line with ninja's count of steps.
show_progress() {
  local line
  while read -r line; do
    if [ -t 1 ] && [[ $line =~ ^\[[0-9]+/[0-9]+\] ]]; then printf '\r%s ... %s ' "$1" "${BASH_REMATCH[0]}"; fi
  done
}

# has_options BUILD OPTION...: whether BUILD was configured here and with these options, among others.
has_options() {
  local build=$1 option
  shift
  for option in "$PWD" "$@"; do
    grep -qxFe "$option" "$build/options" 2>/dev/null || return 1
  done
}

# configure BUILD OPTION...: sets up or changes a build directory; leaves one alone that already is as wanted.
configure() {
  local build=$1 reconfigure=()
  shift
  if command -v nvcc >/dev/null; then set -- "$@" --native-file="$build/nvcc.ini"; fi
  if [ -e "$build/meson-private" ]; then
    if ! meson configure "$build" >/dev/null 2>&1; then
      echo "$build/ is broken or was made by another version of Meson: starting it afresh"
      rm -rf "$build"
    elif [ -e "$build/build.ninja" ] && has_options "$build" "$@"; then
      return 0
    else
      reconfigure=(--reconfigure)
    fi
  fi
  mkdir -p "$build"
  printf "[binaries]\ncuda = '%s'\n" "$PWD/tools/nvcc" >"$build/nvcc.ini"
  quietly "configuring $build/" "$build/configure.log" meson setup "${reconfigure[@]}" "$build" "$@" &&
    printf '%s\n' "$PWD" "$@" >"$build/options"
}

# compile BUILD [TARGET...]
compile() { quietly "building $1/" "$1/compile.log" ninja -C "$@"; }
