# linktrack: `make run` serves it, `make test` tests it. Nothing is installed outside .venv.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
SIDE_BY_SIDE := --numprocesses=auto --dist=worksteal
EXTRAS ?= test
# Every install takes the versions that the tests were run with (constraints.txt).
INSTALL := pip install --quiet --disable-pip-version-check --constraint constraints.txt

# The tests start hundreds of processes: what they run is compiled once, whatever is set outside.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-networks coverage check quick lint fuzz bench constraints dependencies sbom clean

help:
	@echo "make run     serve linktrack on http://127.0.0.1:$(PORT)"
	@echo "make test    run all tests except those against the networks' own servers"
	@echo "make test-networks  run those: Bluesky's servers on this machine (needs Node.js 20 and g++)"
	@echo "make check   run the fast part: style, types, import order, quick tests on SQLite"
	@echo "make coverage  run all tests and show which lines they reach"
	@echo "make fuzz    harm what readers of foreign files and requests get, a minute each (SECONDS=60)"
	@echo "make bench   compare redirects side by side, about ten minutes; docs/benchmarks.md has the rest"
	@echo "make constraints PYTHON=python3.11  pin the newest versions that setup.cfg allows"
	@echo "make dependencies  compare docs/dependencies.md with what is installed, and with the newest releases"
	@echo "make sbom    write a bill of materials (CycloneDX) of everything that linktrack installs"
	@echo "make clean   remove everything make has made (your data stays)"

run: $(VENV)/installed
	@LINKTRACK_DATA="$${LINKTRACK_DATA:-data}" exec $(BIN)/linktrack serve --bind 127.0.0.1:$(PORT)

# A loader gives way to everything else (nice 10): where workers of pytest keep all processors busy,
# it would hardly get on, unless they give way as well.
# Reading all tests takes twelve seconds: for a few of them, only the files that have some are read.
test: $(VENV)/tests-installed lint
	nice -n 10 $(BIN)/pytest $(SIDE_BY_SIDE) -m "not network and not alone"
	$(BIN)/pytest -m "alone and not network" $$(grep -l 'mark\.alone' tests/test_*.py)

coverage: $(VENV)/tests-installed
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not network" --cov --cov-report=term:skip-covered

test-networks: $(VENV)/tests-installed
	$(BIN)/pytest -m network $$(grep -l 'mark\.network' tests/test_*.py)

# Style, types and rooms are looked at while the tests run.
check: $(VENV)/tests-installed
	@$(MAKE) --no-print-directory --jobs=2 lint quick

quick: $(VENV)/tests-installed
	$(BIN)/pytest --numprocesses=logical --dist=worksteal -m "not slow and not network" -k "not postgresql" \
	  --hypothesis-profile=quick -x -q

# READERS="dump lane" tries some of them; tests/foreign.py has them all.
SECONDS ?= 60
fuzz: $(VENV)/tests-installed
	$(BIN)/python tests/fuzzing.py --seconds $(SECONDS) $(READERS)

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

$(VENV)/installed: $(VENV)/bin/python setup.cfg setup.py pyproject.toml constraints.txt
	$(BIN)/$(INSTALL) --editable .
	@touch $@

$(VENV)/tests-installed: $(VENV)/bin/python setup.cfg setup.py pyproject.toml constraints.txt
	$(BIN)/$(INSTALL) --editable '.[$(EXTRAS)]'
	@touch $@ $(VENV)/installed

# On the oldest Python that linktrack supports: what runs there runs on the newer ones, too.
constraints:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "Pin the versions on the oldest supported Python: make constraints PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv --clear build/constraints
	build/constraints/bin/pip install --quiet --disable-pip-version-check --editable '.[test,granian,chdb]'
	{ grep '^#' constraints.txt; build/constraints/bin/pip freeze --exclude-editable | grep -v ' @ '; } \
	  > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/constraints

dependencies: $(VENV)/tests-installed
	$(BIN)/python benchmarks/dependencies.py --newer

# Of a fresh environment without the tests' own libraries; the tool has one of its own, too.
sbom: $(VENV)/bin/python
	$(PYTHON) -m venv --clear build/sbom/linktrack
	build/sbom/linktrack/bin/$(INSTALL) '.[granian]'
	$(PYTHON) -m venv --clear build/sbom/tool
	build/sbom/tool/bin/pip install --quiet --disable-pip-version-check 'cyclonedx-bom>=7.5,<8'
	build/sbom/tool/bin/cyclonedx-py environment --output-format JSON \
	  --output-file build/linktrack.cdx.json build/sbom/linktrack/bin/python
	rm -rf build/sbom
	@echo "build/linktrack.cdx.json belongs to the release."

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
