# Nothing is assumed but Python 3.11 or later and make. `make help` lists the commands.
# Recipes end in `exec`, so that the program itself gets the signals.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
# How many processes share the tests: a number, or 0 for one without pytest-xdist.
JOBS ?= auto
# More for pytest, as in make test ARGS="-k rating". Without it all tests run and their coverage must suffice.
ARGS ?=

# An environment whose interpreter is gone (the machine's Python was upgraded) is built anew.
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell $(PY) -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null),True)
$(shell rm -rf $(VENV))
endif
endif

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PY):
	@for python in "$$PYTHON" python3 python3.13 python3.12 python3.11; do \
	  if [ -n "$$python" ] && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Creating $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); echo "$$python cannot make a virtual environment; on Debian: apt install python3-venv" >&2; \
	  fi; \
	done; \
	echo "Simmer needs Python 3.11 or later; name yours with PYTHON=/path/to/python3" >&2; exit 1

# The stamps make a warm start fast: pip runs again only when the pinned requirements have changed.
$(VENV)/.installed: requirements.txt | $(PY)
	@echo "Installing what Simmer runs on (once, about a minute)"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt | $(PY)
	@echo "Installing what Simmer and its tests run on (once, a minute or two)"
	@$(PIP) install --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $(VENV)/.installed $@

.PHONY: run
run: $(VENV)/.installed ## start everything: http://localhost:8000 (PORT=..., DEV_DIR=...)
	@exec $(PY) -m core.supervisor

.PHONY: test
test: $(VENV)/.installed-dev ## the tests, on real servers (ARGS="-k rating" for some of them)
ifdef ARGS
	@exec $(PY) -m pytest -n $(JOBS) --maxprocesses 8 --dist worksteal $(ARGS)
else
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest -n $(JOBS) --maxprocesses 8 --dist worksteal
	@$(PY) -m coverage combine --quiet && exec $(PY) -m coverage report
endif

.PHONY: faults
faults: $(VENV)/.installed-dev ## the long tests: kills, outages, fuzzing
	@exec $(PY) -m pytest -m faults $(ARGS)

.PHONY: bench
bench: $(VENV)/.installed-dev ## measure against named peers; results in benchmarks/results
	@exec $(PY) -m benchmarks $(ARGS)

# What production sets, so that its checks run as they would there.
PRODUCTION := ENV_FILE=/dev/null DEBUG=False SECRET_KEY=for-the-checks-alone-0123456789-abcdefghijklmnopqrstuvwxyz \
  ALLOWED_HOSTS=simmer.example DATABASE_URL=postgresql://nowhere.invalid/simmer

.PHONY: lint
lint: $(VENV)/.installed-dev ## style, types, directions of imports, container files, settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PRODUCTION) $(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/hadolint Dockerfile
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	ENV_FILE=/dev/null DEBUG=True DEV_DIR=$(VENV)/lint $(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

.PHONY: demo-data
demo-data: $(VENV)/.installed ## a lively network of people, recipes and photos in the database
	@exec $(PY) manage.py demo_data

# Keeps the pins that still fit; UPGRADE=--upgrade looks for the newest. Extras stay: pip takes `coverage[toml]` of a
# requirement for unpinned when only `coverage` is pinned and a newer release is out.
COMPILE := -m uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-strip-extras \
  --custom-compile-command "make requirements"
.PHONY: requirements
requirements: | $(VENV)/.installed-dev ## pin requirements*.in anew, with hashes (UPGRADE=--upgrade for newer ones)
	@$(PY) $(COMPILE) $(UPGRADE) requirements.in -o requirements.txt
	@$(PY) $(COMPILE) $(UPGRADE) requirements-dev.in -o requirements-dev.txt
