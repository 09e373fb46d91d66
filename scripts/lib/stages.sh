# shellcheck shell=bash
# Sourced: runs stages one after another, a failed one too, and tells how they ended.
# stage NAME COMMAND…, skip NAME, and at last `finish`, whose status is right.
PASSED=0 FAILED=0 SKIPPED=0 TOLD=()

stage() {
  local name=$1 began=$SECONDS ended=ok
  shift
  echo "== $name"
  if "$@" </dev/null; then PASSED=$((PASSED + 1)); else ended=FAILED FAILED=$((FAILED + 1)); fi
  TOLD+=("$(printf '%-24s %-8s %4d s' "$name" "$ended" $((SECONDS - began)))")
}

skip() {
  SKIPPED=$((SKIPPED + 1))
  TOLD+=("$(printf '%-24s %s' "$1" skipped)")
}

finish() {
  echo "=="
  printf '%s\n' "${TOLD[@]}"
  local skipped=
  [ "$SKIPPED" = 0 ] || skipped=", $SKIPPED skipped"
  echo "stages: $PASSED passed, $FAILED failed$skipped"
  [ "$FAILED" = 0 ]
}
