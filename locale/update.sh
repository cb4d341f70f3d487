#!/usr/bin/env bash
# Collect texts into locale/ and compile the catalogues (GNU gettext). Called by `make messages`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
export HUNTER_ENV=dev
$python manage.py makemessages --locale tr --no-obsolete --no-location --ignore .venv --ignore tests --ignore bench --ignore var
$python manage.py compilemessages --locale tr --ignore .venv
