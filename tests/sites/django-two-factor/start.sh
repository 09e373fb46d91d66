#!/usr/bin/env bash
# start.sh PORT DATADIR: Django with django-two-factor-auth. User name and password, then a code by
# authenticator app, SMS or e-mail, or a backup token.
set -euo pipefail
PORT=$1 DATA=$2
HERE=$(cd "$(dirname "$0")" && pwd)
source "$HERE/../venv.sh"
venv django-two-factor 'django-two-factor-auth[phonenumberslite]==1.18.1' 'Django>=5.2,<5.3' qrcode

mkdir -p "$DATA"
DATADIR=$(cd "$DATA" && pwd)
export DATADIR PYTHONPATH=$HERE/site DJANGO_SETTINGS_MODULE=settings
"$V/bin/django-admin" migrate -v0
"$V/bin/python" "$HERE/site/seed.py"
exec "$V/bin/django-admin" runserver --noreload "127.0.0.1:$PORT"
