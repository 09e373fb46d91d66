#!/usr/bin/env bash
# start.sh PORT DATADIR: Jupyter Server. One password and no user name; what is there is JSON and files.
set -euo pipefail
PORT=$1 DATA=$2
source "$(dirname "$0")/../venv.sh"
venv jupyter-server jupyter_server==2.17.0

mkdir -p "$DATA/files"
DATA=$(cd "$DATA" && pwd)
export JUPYTER_CONFIG_DIR=$DATA/config JUPYTER_DATA_DIR=$DATA/data JUPYTER_RUNTIME_DIR=$DATA/run HOME=$DATA
printf '<!doctype html><title>Desk</title><h1>Desk</h1><p><a href="/api/me">Me</a> <a href="/logout">Log out</a></p>\n' \
  > "$DATA/files/desk.html"
HASHED=$("$V/bin/python" -c 'from jupyter_server.auth import passwd; print(passwd("juno-Pass-77"))')
exec "$V/bin/jupyter-server" --no-browser --allow-root --ip=127.0.0.1 --port="$PORT" --ServerApp.port_retries=0 \
  --ServerApp.root_dir="$DATA/files" --ServerApp.default_url=/files/desk.html \
  --PasswordIdentityProvider.hashed_password="$HASHED" --IdentityProvider.token=
