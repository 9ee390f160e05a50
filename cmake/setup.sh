# shellcheck shell=bash disable=SC2154
# Shared by examples/run, tests/run and .ci/run: install what is missing, configure, build. To be sourced; $root is the
# top of the project.

say() { printf '%s\n' "== $*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 3
}

packages_of() { # GROUP...
  local group
  for group in "$@"; do
    awk -v group="$group" '$1 == group { print $2 }' "$root/cmake/packages.txt"
  done
}

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

as_root() {
  if ((EUID == 0)); then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif [[ -t 0 ]]; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# Run a command and show its output only when it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if ((status)); then tail -n 60 "$log" >&2; fi
  rm -f "$log"
  return "$status"
}

install_packages() { # GROUP...
  if ! command -v dpkg-query >/dev/null; then
    say "This is no Debian: please see to these yourself: $(packages_of "$@" | tr '\n' ' ')"
    return
  fi
  local package missing=()
  for package in $(packages_of "$@"); do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    say "All packages are installed"
    return
  fi
  # Without a terminal sudo cannot ask for a password: only one that needs none will do.
  if ((EUID != 0)) && { ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; }; then
    die "packages are missing, and there is neither root nor sudo to install them. As root, run:
  apt-get install ${missing[*]}"
  fi
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  quietly as_root apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update ||
    die "apt-get update failed: is there a network?"
  quietly as_root apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    install "${missing[@]}" </dev/null || die "apt-get could not install: ${missing[*]}"
}

# configure_and_build DIRECTORY [cmake options]
configure_and_build() {
  local build=$1
  shift
  # A build directory that was copied or moved with its clone names another source tree: CMake would refuse it.
  if [[ -f $build/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then
    say "Configuring $build anew: it was made for another folder"
    rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
  fi
  quietly cmake -S "$root" -B "$build" "$@" || die "configuring failed"
  quietly cmake --build "$build" -j "$(nproc)" || die "building failed"
}

build_release() {
  say "Building (Release) in build/"
  configure_and_build "$root/build" -DCMAKE_BUILD_TYPE=Release
}
