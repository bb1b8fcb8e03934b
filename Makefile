# The commands of this repository; `make help` lists them. Each makes the environment that it needs in .venv.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# The first Python of this machine that is new enough.
PYTHON ?= $(or $(shell for python in python3 python3.11 python3.12 python3.13; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done),python3)
# Another index to take torch from: TORCH_INDEX=https://download.pytorch.org/whl/cpu spares a Linux machine without a GPU two gigabytes.
TORCH_INDEX ?=
# Processes that share the tests. Each computes on one thread, so that together they use that many cores.
WORKERS ?= 2
# Further arguments of pytest, such as ARGS='-k recipe', or of the benchmarks, such as ARGS=--quick.
ARGS ?=
# The benchmarks that `make bench` runs.
BENCHMARKS ?= scoring training round ingest pool cluster simulate page page_load crossmatch catalog ssap import

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# What the environment is made from; with another lock file, the page is given other browser code.
BUILD := pyproject.toml constraints.txt hatch_build.py package-lock.json
# Node.js from PyPI, for the gates of the labeling page; the machine needs none of its own.
NODE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/node
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal

# Shows what pip is busy with, and how large it is where that takes long; what goes wrong comes by stderr, untouched.
SHOW := awk '/^Collecting / { printf "    %s\n", $$2; fflush() } \
	/^ *Downloading .* [MG]B\)/ { gsub(/[()]/, ""); printf "        downloading, %s %s\n", $$(NF-1), $$NF; fflush() } \
	/^Installing collected/ { print "    unpacking them all; this takes a minute or two"; fflush() }'

comma := ,

# $(call install,EXTRAS,WHAT). Nothing is compiled to bytecode: Python does it at the first import, and of most modules there is none.
install = @printf 'Installing %s into $(VENV); the first time this takes some minutes.\n' "$(2)"; \
	$(if $(TORCH_INDEX),$(PIP) install --no-compile --no-deps --constraint constraints.txt --index-url $(TORCH_INDEX) torch | $(SHOW);) \
	$(PIP) install --no-compile --constraint constraints.txt --editable '.$(1)' | $(SHOW)

.PHONY: help demo test test-slow test-vo check lint bench wheel clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## find the emission-line stars of a small synthetic survey; the result is written to demo/
	$(BIN)/spectrove demo demo

test: $(VENV)/.dev ## run the tests
	$(PYTEST) $(ARGS)

test-slow: $(VENV)/.dev ## run the tests that take longer than half a minute each
	$(PYTEST) -m 'slow and not gpu and not remote' $(ARGS)

test-vo: $(VENV)/.dev ## run the tests with whole programs beside the page: TOPCAT, and a data center's DaCHS
	$(PYTEST) --dist loadfile -m 'desktop and not slow' tests/desktop tests/browser tests/docs $(ARGS)

check: lint test ## run every gate: lint, then test

lint: $(VENV)/.dev node_modules/.package-lock.json ## run the gates that only read: ruff, mypy, import-linter, numpydoc, tsc, towncrier
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/numpydoc lint $$(find src -name '*.py')
	for project in . tests/web/js; do $(NODE) node_modules/typescript/bin/tsc --project "$$project"; done
	said=$$($(BIN)/towncrier build --draft --version next 2>&1) || { echo "$$said"; exit 1; }

bench: $(VENV)/.bench ## measure how fast things are, against peers; the result is written into docs/benchmarks.md
	for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python "benchmarks/bench_$$name.py" $(ARGS); done
	$(BIN)/python benchmarks/speed_page.py

wheel: $(VENV)/.dev ## build the wheel into dist/
	$(PIP) wheel --no-deps --no-build-isolation --quiet --wheel-dir dist .
	@ls -l dist/spectrove-*.whl

clean: ## remove all that these commands have made, .venv and demo/ included
	rm -rf $(VENV) demo dist build node_modules src/spectrove/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment, in three steps, each marked by a file that is as old as the step. The first also explains what is missing.

$(BIN)/python:
	@command -v '$(PYTHON)' >/dev/null \
		|| { echo "make: there is no '$(PYTHON)' on this machine. Install Python 3.11 or later, or name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: '$(PYTHON)' is $$('$(PYTHON)' --version), but spectrove needs Python 3.11 or later. Name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: '$(PYTHON)' cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making a virtual environment in $(VENV) with $$('$(PYTHON)' --version)."
	@'$(PYTHON)' -m venv $(VENV)

$(VENV)/.runtime: $(BUILD) | $(BIN)/python
	$(call install,,spectrove and what it needs)
	@touch $@

$(VENV)/.dev: $(BUILD) | $(BIN)/python
	$(call install,[dev],spectrove with what it needs and the tools of its developers)
	@touch $@ $(VENV)/.runtime

$(VENV)/.bench: $(BUILD) | $(BIN)/python
	$(call install,[dev$(comma)bench],spectrove with what it needs and the peers that it is measured against)
	@touch $@ $(VENV)/.dev $(VENV)/.runtime

# What the page is checked with: TypeScript, as the lock file has it. Building the package takes uPlot and sampjs by itself (hatch_build.py).
node_modules/.package-lock.json: package.json package-lock.json | $(VENV)/.dev
	@echo "Installing the checker of the labeling page into node_modules."
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
