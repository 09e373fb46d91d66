#!/usr/bin/env bash
# start.sh PORT DATADIR: Django with django-allauth. E-mail address and password, then a code of letters by e-mail.
set -euo pipefail
PORT=$1 DATA=$2
HERE=$(cd "$(dirname "$0")" && pwd)
source "$HERE/../venv.sh"
venv django-allauth django-allauth==65.13.0 'Django>=5.2,<5.3'

mkdir -p "$DATA"
DATADIR=$(cd "$DATA" && pwd)
export DATADIR PYTHONPATH=$HERE/site DJANGO_SETTINGS_MODULE=settings
"$V/bin/django-admin" migrate -v0
"$V/bin/python" "$HERE/site/seed.py"
exec "$V/bin/django-admin" runserver --noreload "127.0.0.1:$PORT"
