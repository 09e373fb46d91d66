#!/usr/bin/env bash
# start.sh PORT DATADIR: Trac with HTTP Basic (or Digest: TRAC_AUTH=digest). Nobody else has any rights.
set -euo pipefail
PORT=$1 DATA=$2
source "$(dirname "$0")/../venv.sh"
venv trac Trac==1.6 'setuptools<80'

mkdir -p "$DATA"
DATA=$(cd "$DATA" && pwd)
SITE=$DATA/demo
if [ ! -d "$SITE" ]; then
  "$V/bin/trac-admin" "$SITE" initenv Demo sqlite:db/trac.db >/dev/null
  "$V/bin/trac-admin" "$SITE" permission remove anonymous '*'
  "$V/bin/trac-admin" "$SITE" permission add tara TRAC_ADMIN
  "$V/bin/trac-admin" "$SITE" component rename component1 Billing
  "$V/bin/python" - "$DATA" <<'PY'
import base64, hashlib, sys
folder, user, password = sys.argv[1], "tara", "tara-Pass-66"
sha = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
open(folder + "/htpasswd", "w").write(f"{user}:{{SHA}}{sha}\n")
md5 = hashlib.md5(f"{user}:trac:{password}".encode()).hexdigest()
open(folder + "/htdigest", "w").write(f"{user}:trac:{md5}\n")
PY
fi
if [ "${TRAC_AUTH:-basic}" = digest ]; then
  AUTH=--auth=demo,$DATA/htdigest,trac
else
  AUTH=--basic-auth=demo,$DATA/htpasswd,trac
fi
exec "$V/bin/tracd" --hostname 127.0.0.1 --port "$PORT" "$AUTH" "$SITE"
