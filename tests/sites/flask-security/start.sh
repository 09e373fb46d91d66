#!/usr/bin/env bash
# start.sh PORT DATADIR: Flask-Security. E-mail and password, then a code by authenticator app, e-mail or
# SMS, or a recovery code; at /us-signin the visitor chooses the method.
set -euo pipefail
PORT=$1 DATA=$2
HERE=$(cd "$(dirname "$0")" && pwd)
source "$HERE/../venv.sh"
venv flask-security 'Flask-Security-Too[common,mfa,fsqla]==5.9.2' flask-sqlalchemy

mkdir -p "$DATA"
DATADIR=$(cd "$DATA" && pwd)
export DATADIR PORT
exec "$V/bin/python" "$HERE/app.py"
