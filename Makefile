# linktrack: `make run` serves it, `make test` tests it. Nothing is installed outside .venv.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
SIDE_BY_SIDE := --numprocesses=auto --dist=worksteal

# The tests start hundreds of processes: what they run is compiled once, whatever is set outside.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-networks coverage check quick lint bench clean

help:
	@echo "make run     serve linktrack on http://127.0.0.1:$(PORT)"
	@echo "make test    all tests but those on the networks' own servers"
	@echo "make test-networks  those: Bluesky's servers on this machine (needs Node.js 20 and g++)"
	@echo "make check   the fast part: style, types, rooms, quick tests on SQLite"
	@echo "make coverage  all tests, and which lines they reach"
	@echo "make bench   redirects side by side, some ten minutes; docs/benchmarks.md has the others"
	@echo "make clean   remove what make has made (your data stays)"

run: $(VENV)/installed
	@LINKTRACK_DATA="$${LINKTRACK_DATA:-data}" exec $(BIN)/linktrack serve --bind 127.0.0.1:$(PORT)

test: $(VENV)/tests-installed lint
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not network and not alone"
	$(BIN)/pytest -m "alone and not network"

coverage: $(VENV)/tests-installed
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not network" --cov --cov-report=term:skip-covered

test-networks: $(VENV)/tests-installed
	$(BIN)/pytest -m network

# Style, types and rooms are looked at while the tests run.
check: $(VENV)/tests-installed
	@$(MAKE) --no-print-directory --jobs=2 lint quick

quick: $(VENV)/tests-installed
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not slow and not network" -k "not postgresql" \
	  --hypothesis-profile=quick -x -q

bench: $(VENV)/tests-installed
	$(BIN)/python benchmarks/redirects.py

lint: $(VENV)/tests-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "linktrack needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "linktrack needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1): name another with make PYTHON=/path/to/python."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing: on Debian and Ubuntu, apt install python3-venv."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/tests-installed: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
