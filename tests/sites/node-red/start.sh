#!/usr/bin/env bash
# start.sh PORT DATADIR: Node-RED with adminAuth. One page made by scripts, a dialog, a bearer token.
set -euo pipefail
PORT=$1 DATA=$2
P=${APPS_PREFIX:-$HOME/.cache/postern-sites}/node-red
if [ ! -f "$P/node_modules/node-red/red.js" ]; then
  mkdir -p "$P"
  (cd "$P" && echo '{"private":true}' > package.json && npm install --no-audit --no-fund --loglevel=error node-red@4)
fi
mkdir -p "$DATA"
DATA=$(cd "$DATA" && pwd)
HASH=$(cd "$P" && node -e '
  const load = name => { try { return require(name) } catch { return null } };
  console.log((load("bcryptjs") || load("@node-rs/bcrypt")).hashSync("ned-Pass-11", 8))')
cat > "$DATA/settings.js" <<JS
module.exports = {
  flowFile: 'flows.json', uiPort: $PORT, uiHost: '127.0.0.1', credentialSecret: 'x', telemetry: { enabled: false },
  editorTheme: { tours: false, projects: { enabled: false } }, externalModules: { palette: { allowInstall: false } },
  adminAuth: { type: 'credentials', users: [{ username: 'ned', password: '$HASH', permissions: '*' }] },
};
JS
if [ ! -f "$DATA/flows.json" ]; then
  cat > "$DATA/flows.json" <<'JSON'
[{"id":"f1","type":"tab","label":"Boiler room","disabled":false,"info":""},
 {"id":"n1","type":"comment","z":"f1","name":"Setpoint 61 C","info":"","x":200,"y":80,"wires":[]}]
JSON
fi
exec node "$P/node_modules/node-red/red.js" -u "$DATA" -s "$DATA/settings.js"
