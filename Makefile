.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
MINUTES ?= 60

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.run: pyproject.toml clients/python/pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	TONGDAI_SKIP_CONSOLE=1 $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable clients/python --editable . --group console
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group bench
	@touch $@

setup: $(VENV)/.dev ## Install Tongdai and its tools into .venv

run: console ## Start Tongdai with demo data on http://127.0.0.1:8080 (ARGS="--port 9000" passes options)
	$(BIN)/tongdai demo $(ARGS)

console: $(VENV)/.run ## Build the web console, unless it is built from this source already
	$(BIN)/python web/build.py

check: $(VENV)/.dev ## Lint, types, import contracts, vocabulary, SQL, sizes, the OpenAPI document
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/basedpyright --project tests
	$(BIN)/lint-imports
	$(BIN)/python -m checks.glossary
	$(BIN)/python -m checks.sql_rules
	$(BIN)/python -m checks.table_owners
	$(BIN)/python -m checks.sizes
	$(BIN)/python -m checks.settings_reference
	$(BIN)/python -m checks.openapi
	$(BIN)/python web/build.py check

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# With compiled modules kept, whatever the shell says: the tests start the program hundreds of times.
test: $(VENV)/.dev console ## Run the tests (ARGS="-k import" passes options)
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: $(VENV)/.dev ## Run the tests of single modules, 90 seconds on 2 cores; CONTRIBUTING.md tells what is left out
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --fast $(ARGS)

test-external: $(VENV)/.dev ## Run the tests against Debian's PostgreSQL 15, installed and started by a script
	tests/external/run $(ARGS)

test-pgbouncer: $(VENV)/.dev ## Likewise, through a PgBouncer in transaction mode, fetched by a script
	tests/external/run --pgbouncer $(ARGS)

test-failover: $(VENV)/.dev ## Fail over to a standby in the middle of imports and calls, two minutes
	$(BIN)/pytest -n 2 tests/failover $(ARGS)

test-deploy: $(VENV)/.dev ## Run deploy/ behind nginx, promtool, systemd and linters, fetched by a script
	tests/deploy/run $(ARGS)

test-live: $(VENV)/.dev ## Run the tests against a real Asterisk 22 with SIPp callees, fetched by a script
	tests/live/run $(ARGS)

test-console: $(VENV)/.dev console ## Run the tests of the console in Debian's Chromium, installed by a script
	$(BIN)/python web/build.py test
	tests/browser/run $(ARGS)

pictures: $(VENV)/.dev console ## Take the pictures of the console in docs/images, with Debian's Chromium
	$(BIN)/python -m tests.browser.pictures

soak: $(VENV)/.dev ## Imports under random kills, simulated calls, callers at a rate and on hold, attacks on the API, generated cases (ARGS="--rows 1000000 --kills 30" MINUTES=60)
	$(BIN)/python -m tests.soak $(ARGS)
	$(BIN)/python -m tests.dialing_soak
	$(BIN)/python -m tests.flows.acd.soak
	$(BIN)/python -m tests.hardening.soak --minutes $(MINUTES)
	PYTEST_TIMEOUT=3600 $(BIN)/pytest -o faulthandler_timeout=0 --hypothesis-profile soak $$(grep -rlE 'import hypothesis|from hypothesis' tests --include='test_*.py')

bench: $(VENV)/.bench console ## Measure side by side against peers and limits; rewrites docs/benchmarks.md
	$(BIN)/python -m bench $(ARGS)

build: $(VENV)/.dev ## Build wheels and source distributions of the server and the SDK into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist clients/python
	$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## Remove .venv and caches (never a data directory)
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis dist

.PHONY: help setup run check format test test-fast test-external test-pgbouncer test-failover test-deploy test-live test-console console pictures soak bench build clean
