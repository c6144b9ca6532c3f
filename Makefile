# The two commands: `make run` serves the console, `make test` proves it.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SHELL := /bin/sh

.PHONY: run test test-pg15 coverage lint bench lock clean
.DELETE_ON_ERROR:

run: $(VENV)/run.stamp
	@exec $(PY) -m avenrae serve

test: $(VENV)/test.stamp
	@$(MAKE) --no-print-directory lint
	@$(PY) -m tests.browser.install
	@exec $(PY) -m pytest -n 2 --dist loadgroup

# The whole suite once more on Debian's PostgreSQL 15 with PostGIS, in a cluster of its own.
test-pg15: $(VENV)/test.stamp
	@$(PY) -m tests.debian_postgres -- $(PY) -m pytest -n 2 --dist loadgroup -m "not browser"

coverage: $(VENV)/test.stamp
	@$(PY) -m pytest -n 2 --dist loadgroup -m "not browser and not slow" --cov --cov-report=term:skip-covered

bench: $(VENV)/test.stamp
	@exec $(PY) -m bench

lint: $(VENV)/test.stamp
	@$(VENV)/bin/ruff format --check -q .
	@$(VENV)/bin/ruff check -q .
	@$(VENV)/bin/mypy

lock:
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11 pyproject.toml -o requirements.txt
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11 pyproject.toml --group dev -o requirements-dev.txt
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11 bench/peers/requirements.in -o bench/peers/requirements.txt

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) is not there."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name another one: make run PYTHON=python3.12"; exit 1; }
	@echo "Creating $(VENV)…"
	@$(PYTHON) -m venv $(VENV) || { echo "The environment cannot be created; on Debian: apt install python3-venv"; exit 1; }

$(VENV)/run.stamp: requirements.txt | $(VENV)/bin/python
	@echo "Installing packages…"
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@touch $@

$(VENV)/test.stamp: requirements-dev.txt $(VENV)/run.stamp
	@echo "Installing test packages…"
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch $@
