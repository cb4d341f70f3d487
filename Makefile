# `make` explains itself. Everything that is written lies under .venv/ and var/ (HUNTER_VAR moves the latter).
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
export HUNTER_PORT ?= 8000

.PHONY: help setup run test check bench messages screenshots

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/runtime: requirements.txt
	@echo "Creating $(VENV) and installing what Hunter needs to run …"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/development: requirements-dev.txt
	@echo "Creating $(VENV) and installing what the checks and tests need …"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/runtime ## create .venv and install the pinned packages

run: setup ## start Hunter: web, worker and, with no real integration, the sandbox with demo data
	@HUNTER_ENV=$${HUNTER_ENV:-dev} $(PY) manage.py start

test: $(VENV)/development ## install what tests need and run everything CI runs
	@bash tests/run.sh

check: $(VENV)/development ## the quick checks: lint, types, layers, freeze, migrations, deploy
	@bash tests/checks.sh

bench: $(VENV)/development ## run the benchmarks; the figures go to bench/results.json
	@$(PY) -m bench

messages: $(VENV)/development ## collect texts into locale/ and compile the catalogues
	@bash locale/update.sh

screenshots: $(VENV)/development ## every page at both widths, themes and languages into var/screenshots/
	@HUNTER_ENV=dev $(PY) -m tests.browser.screenshots
