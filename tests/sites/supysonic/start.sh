#!/usr/bin/env bash
# start.sh PORT DATADIR: Supysonic (Flask). A plain form without a token; the error is a flash message.
set -euo pipefail
PORT=$1 DATA=$2
source "$(dirname "$0")/../venv.sh"
venv supysonic supysonic==0.7.9

mkdir -p "$DATA/cache" "$DATA/music"
DATA=$(cd "$DATA" && pwd)
export SUPYSONIC_CONFIG_FILE=$DATA/supysonic.ini HOME=$DATA
cat > "$DATA/supysonic.ini" <<INI
[base]
database_uri = sqlite:///$DATA/s.db
[webapp]
cache_dir = $DATA/cache
[daemon]
socket = $DATA/d.sock
run_watcher = no
INI
cp "$DATA/supysonic.ini" "$DATA/.supysonic"
cd "$DATA"
if [ ! -f seeded ]; then
  "$V/bin/supysonic-cli" user add susi -p susi-Pass-17 -e susi@example.test
  touch seeded
fi
exec "$V/bin/python" -c "from supysonic.web import create_application; create_application().run('127.0.0.1', $PORT)"
