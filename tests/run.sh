#!/usr/bin/env bash
# Everything CI runs: checks, then the tests on SQLite and on PostgreSQL, browser tests included.
set -euo pipefail
cd "$(dirname "$0")/.."
skipped=()

have() { command -v "$1" >/dev/null 2>&1; }
pg_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

# A browser, a PostgreSQL server, gettext, Node.js and a PDF reader come from Debian's packages when we may install them.
missing=()
have chromium || missing+=(chromium)
have xgettext || missing+=(gettext)
have node || missing+=(nodejs)
have pdftotext || missing+=(poppler-utils)
[ -n "$(pg_bin)" ] && [ -x "$(pg_bin)/initdb" ] || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ] && have apt-get && [ "$(id -u)" = 0 ]; then
  echo "Installing from Debian: ${missing[*]} …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
have chromium || skipped+=("browser tests: Chromium is not installed")
have node || skipped+=("conformance of the Dataverse sandbox: Node.js is not installed")
have pdftotext || skipped+=("briefs as PDF: pdftotext (poppler-utils) is not installed")

bash tests/checks.sh

export HUNTER_ENV=dev
export HUNTER_VAR="${HUNTER_VAR:-$PWD/var}/tests"
rm -rf "$HUNTER_VAR" && mkdir -p "$HUNTER_VAR"

postgres=$(pg_bin)
if [ -n "$postgres" ] && [ -x "$postgres/initdb" ]; then
  # A throw-away server of our own on a loopback port; PostgreSQL refuses to run as root.
  data=$(mktemp -d) port=$((20000 + RANDOM % 20000))
  as_user() { if [ "$(id -u)" = 0 ]; then su -s /bin/bash postgres -c "$*"; else bash -c "$*"; fi; }
  [ "$(id -u)" = 0 ] && chown postgres "$data"
  as_user "$postgres/initdb -D $data -U hunter -A trust -E UTF8 --locale=C.UTF-8 >/dev/null"
  as_user "$postgres/pg_ctl -D $data -w -o '-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$data -c fsync=off' -l $data/log start >/dev/null"
  trap 'as_user "$postgres/pg_ctl -D $data -m immediate stop >/dev/null"; rm -rf "$data"' EXIT
  export HUNTER_TEST_POSTGRESQL="postgresql://hunter@127.0.0.1:$port/postgres"
else
  skipped+=("tests on PostgreSQL: no server is installed")
fi

printf '\n== Tests on SQLite\n'
.venv/bin/python -m pytest -n 2 -q
if [ -n "${HUNTER_TEST_POSTGRESQL:-}" ]; then
  printf '\n== Tests on PostgreSQL (those that touch the database)\n'
  DATABASE_URL="$HUNTER_TEST_POSTGRESQL" .venv/bin/python -m pytest -n 2 -q -m database
fi
for reason in "${skipped[@]:-}"; do [ -z "$reason" ] || echo "SKIPPED $reason"; done
