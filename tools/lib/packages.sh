# shellcheck shell=bash
# The packages of Debian 12 and Ubuntu 24.04 that ./demo and ./check need, and their installation.
# "a|b" is there when either is; the first one that apt knows is installed.
# shellcheck disable=SC2034  # the lists are for the scripts that source this

build_packages=(g++ meson ninja-build pkg-config python3 libeigen3-dev libcli11-dev nlohmann-json3-dev zlib1g-dev
  libpng-dev libturbojpeg0-dev)
test_packages=(libopenmpi-dev openmpi-bin catch2 cmake tmux libbenchmark-dev 'clang-format-14|clang-format' clang 'libclang-rt-dev|libclang-rt-14-dev')

has_package() {
  local name
  for name in ${1//|/ }; do
    if dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed; then return 0; fi
  done
  return 1
}

apt_knows() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }

may_install() { [ "$EUID" -eq 0 ] || sudo -n true 2>/dev/null; }

as_root() {
  if [ "$EUID" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# A failed update is no reason to stop: the lists that are there may do, and if not, the installation says so.
update_lists() { as_root apt-get -q -o DPkg::Lock::Timeout=300 update || true; }

install() {
  local name choice chosen=()
  for name in "$@"; do
    for choice in ${name//|/ } "${name%%|*}"; do # where apt knows none, it is to complain about the first
      if apt_knows "$choice"; then break; fi
    done
    chosen+=("$choice")
  done
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "${chosen[@]}"
}

update_and_install() {
  update_lists
  install "$@"
}

# require_packages NAME...: installs those that are missing; where that cannot be, says what to type and ends with 2.
require_packages() {
  local name missing=()
  if ! command -v dpkg-query >/dev/null; then
    echo "note: this is neither Debian nor Ubuntu, so nothing is installed; needed are their packages: $*"
    return 0
  fi
  for name in "$@"; do
    has_package "$name" || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then return 0; fi
  if may_install && quietly "installing ${missing[*]%%|*}" build/packages.log update_and_install "${missing[@]}"; then
    return 0
  fi
  cat >&2 <<END
error: packages are missing that may not or could not be installed. As root, run

    apt-get update && apt-get install --yes --no-install-recommends ${missing[*]%%|*}

and then $0 again.
END
  exit 2
}

# want_package NAME: installs it where that can be done; otherwise fails without a word.
want_package() {
  has_package "$1" && return
  may_install && command -v apt-cache >/dev/null || return
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || update_lists >/dev/null 2>&1
  apt_knows "$1" && quietly "installing $1" build/packages.log install "$1"
}
