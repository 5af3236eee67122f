# Nothing is assumed but Python 3.11 or later and make. `make help` lists the commands.
# Recipes end in `exec`, so that the program itself gets the signals.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
# How many processes share the tests: a number, or 0 for one without pytest-xdist.
JOBS ?= auto
# More for pytest, as in make test ARGS="-k rating". Without it all tests run and their coverage must suffice.
ARGS ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Both end at once when nothing has changed, and say why when they fail.
.PHONY: installed installed-dev
installed:
	@tools/install.sh $(VENV)
installed-dev:
	@tools/install.sh $(VENV) --dev

.PHONY: run
run: installed ## start everything: http://localhost:8000 (PORT=..., DEV_DIR=...)
	@exec $(PY) -m core.supervisor

.PHONY: test
test: installed-dev ## the tests, on real servers (ARGS="-k rating" for some of them)
ifdef ARGS
	@exec $(PY) -m pytest -n $(JOBS) --maxprocesses 8 --dist worksteal $(ARGS)
else
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest -n $(JOBS) --maxprocesses 8 --dist worksteal
	@$(PY) -m coverage combine --quiet && exec $(PY) -m coverage report
endif

.PHONY: faults
faults: installed-dev ## the long tests: kills, outages, fuzzing
	@exec $(PY) -m pytest -m faults $(ARGS)

.PHONY: bench
bench: installed-dev ## measure against named peers; results in benchmarks/results
	@exec $(PY) -m benchmarks $(ARGS)

# What production sets, so that its checks run as they would there.
PRODUCTION := ENV_FILE=/dev/null DEBUG=False SECRET_KEY=for-the-checks-alone-0123456789-abcdefghijklmnopqrstuvwxyz \
  ALLOWED_HOSTS=simmer.example DATABASE_URL=postgresql://nowhere.invalid/simmer

.PHONY: lint
lint: installed-dev ## style, types, directions of imports, container files, settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PRODUCTION) $(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/hadolint Dockerfile
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	ENV_FILE=/dev/null DEBUG=True DEV_DIR=$(VENV)/lint $(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

.PHONY: wheels
wheels: installed-dev ## whether every pin has a wheel, for each Python and processor that Simmer runs on
	@exec $(PY) tools/wheels.py . $(VENV)/.wheels

.PHONY: demo-data
demo-data: installed ## a lively network of people, recipes and photos in the database (of make run, unless .env names another)
	@if ! [ -e .env ]; then export DEBUG="$${DEBUG-True}"; fi; exec $(PY) manage.py demo_data $(ARGS)

# Keeps the pins that still fit; UPGRADE=--upgrade looks for the newest. Extras stay: pip takes `coverage[toml]` of a
# requirement for unpinned when only `coverage` is pinned and a newer release is out.
COMPILE := -m uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-strip-extras \
  --custom-compile-command "make requirements"
.PHONY: requirements
requirements: installed-dev ## pin requirements*.in anew, with hashes (UPGRADE=--upgrade for newer ones)
	@$(PY) $(COMPILE) $(UPGRADE) requirements-build.in -o requirements-build.txt
	@$(PY) $(COMPILE) $(UPGRADE) requirements.in -o requirements.txt
	@$(PY) $(COMPILE) $(UPGRADE) requirements-dev.in -o requirements-dev.txt
