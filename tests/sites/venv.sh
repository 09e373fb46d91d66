# shellcheck shell=bash
# Sourced by the start scripts: makes a Python environment once, also when two of them ask at a time.
# venv NAME REQUIREMENT…: sets P (the site's prefix) and V (its environment).
venv() {
  P=${APPS_PREFIX:-$HOME/.cache/postern-sites}/$1
  shift
  V=$P/venv
  local wanted="$*" lock
  mkdir -p "$P"
  exec {lock}>"$P/lock"
  flock "$lock"
  # The mark comes last: an installation that was interrupted is made again.
  if [ "$(cat "$V/installed" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$V"
    python3 -m venv "$V"
    "$V/bin/pip" install --quiet --no-compile --disable-pip-version-check "$@"
    printf '%s\n' "$wanted" > "$V/installed"
  fi
  exec {lock}>&-
  export PYTHONPYCACHEPREFIX=$P/pyc
}
