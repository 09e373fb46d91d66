# shellcheck shell=bash
# Sourced: where cargo builds to.
target_directory() {
  cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'
}
