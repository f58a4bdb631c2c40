# make run     fly one orbit against the simulated controller and write a report
# make test    check, then all tests
# make help    the rest
#
# Needs Python 3.11 or newer, make and a C++ compiler; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SCENARIO ?= nominal

.PHONY: help setup run test check format bench fuzz formal faults mutants gates coverage generate clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: $(READY)  ## create .venv and install the pinned packages

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "racksat needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1): make PYTHON=python3.11 ..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "could not create a virtual environment: apt-get install python3-venv" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

run: $(READY)  ## fly SCENARIO (default nominal) with the RTL in the loop
	$(BIN)/racksat run $(SCENARIO)

test: check  ## check, then all tests: first those that keep pace with the wall clock, then the others on 2 cores
	$(BIN)/python -m pytest -m wall_clock
	$(BIN)/python -m pytest -m "not wall_clock" -n 2 --dist loadfile

check: $(READY)  ## format, lint, types, stale generated files, import directions, Verilog lint
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/python -m gateware.generate --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_import_directions.py
	$(BIN)/python -m gateware.lint

format: $(READY)  ## rewrite sources in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: $(READY)  ## derive registers.vh, registers.py, channels.py and registers.md from registers.rdl
	$(BIN)/python -m gateware.generate

bench: $(READY)  ## real-time factors of model and RTL, and where the time goes
	$(BIN)/python -m hil.bench

fuzz: $(READY)  ## 200,000 frames, half of them damaged, against RTL and model side by side
	$(BIN)/python tests/gateware/fuzz.py --frames 200000 --seed 1

formal: $(READY)  ## proofs of the core, mutants they catch, and what synthesis makes of triplication
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[formal]'
	$(BIN)/python -m gateware.formal.prove
	$(BIN)/python -m gateware.formal.prove --mutants
	$(BIN)/python -m pytest -q tests/gateware/test_formal.py tests/gateware/test_triplication_synthesis.py

faults: $(READY)  ## fault suites on the RTL
	$(BIN)/racksat faults run tests/faults/*.toml --workers 2

mutants: $(READY)  ## deliberate defects of gateware and flight software, which the suites must notice
	$(BIN)/python -m tests.faults.mutants.kill

gates: $(READY)  ## the conformance suite on the netlist of the iCEBreaker's controller
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[gates]'
	$(BIN)/python -m hil.post_synthesis

coverage: $(READY)  ## line, branch and toggle coverage of the Verilog by its tests
	$(BIN)/python -m hil.coverage

clean:  ## remove simulation builds and runs, keep .venv
	rm -rf build runs
