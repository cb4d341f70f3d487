#!/usr/bin/env bash
# The checks without tests, quick ones first. Called by `make check` and `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
export HUNTER_ENV=dev HUNTER_VAR="${HUNTER_VAR:-var/checks}"
step() { printf '\n== %s\n' "$1"; }

step "Lint";       $bin/ruff check .; $bin/ruff format --check .
step "Templates";  $bin/djlint --lint --quiet templates
step "Layers";     $bin/lint-imports
step "Frozen core"; $bin/python -m tests.scoring.freeze
step "Types";      $bin/mypy
step "Migrations"; $bin/python manage.py makemigrations --check --dry-run
step "Deploy";     HUNTER_ENV=prod SECRET_KEY="$(head -c 60 /dev/urandom | base64 -w0)" ALLOWED_HOSTS=hunter.example \
                   $bin/python manage.py check --deploy --fail-level WARNING
