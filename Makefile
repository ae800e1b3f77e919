# Every target sets up what it needs: a virtual environment in .venv with the hash-pinned packages of requirements*.txt.
# The second time that takes no time. Needs only Python 3.11 or newer (python3, with venv) and make.

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
PEOPLE ?= 40000

.DEFAULT_GOAL := help
.PHONY: help demo test fast bench lint docs faults mutants requirements clean

help:  ## show this list
	@echo "Comity: the signed agreement is the program."
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | while IFS="$$(printf '\t')" read -r name words; do printf '  make %-14s%s\n' "$$name" "$$words"; done

demo: .venv/run.stamp  ## build Harbour City's node, ask it a real question, verify the receipt
	@$(BIN)/python examples/harbour/demo.py --people $(PEOPLE)

test: lint docs  ## everything: lint, docs, all tests
	@echo "== tests ($(JOBS) at a time)"
	@$(BIN)/python -m pytest -n $(JOBS)

fast: .venv/dev.stamp  ## the tests that take under two minutes together
	@$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

lint: .venv/dev.stamp  ## style, types, and which room may import which
	@echo "== ruff, mypy, import contracts"
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

docs: .venv/dev.stamp  ## the manual, into docs/_build/html
	@echo "== docs"
	@$(BIN)/python docs/generate.py
	@$(BIN)/sphinx-build -q -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: .venv/dev.stamp  ## what Comity costs beside plain DuckDB, measured in one run
	@$(BIN)/python benchmarks/run.py --write
	@$(BIN)/python benchmarks/protections.py
	@$(BIN)/python benchmarks/across.py
	@$(BIN)/python benchmarks/peers.py

faults: .venv/dev.stamp  ## the long forms of the fault tests: power cuts, kills, failing disk calls
	@$(BIN)/python tests/fault/long.py

mutants: .venv/dev.stamp  ## take each single check of decision and protection away and see that a test notices
	@$(BIN)/python tests/mutation/run.py

requirements: .venv/dev.stamp  ## compile requirements*.txt again from pyproject.toml
	@$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --extra server --extra client --extra fast --extra postgresql --extra rdf --extra noise --extra charts \
	  --group pyproject.toml:build --group pyproject.toml:demo -o requirements.txt
	@$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --all-extras \
	  --group pyproject.toml:build --group pyproject.toml:demo --group pyproject.toml:dev -c requirements.txt -o requirements-dev.txt

clean:  ## remove what make made (the environment, the demo's node, the built manual)
	rm -rf .venv .venv-peers demo docs/_build

.venv/bin/python:
	@echo "== making a virtual environment in .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Comity needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt pyproject.toml | .venv/bin/python
	@echo "== installing requirements.txt (hash-pinned; about half a minute)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements-dev.txt pyproject.toml | .venv/bin/python
	@echo "== installing requirements-dev.txt (hash-pinned; about a minute)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ .venv/run.stamp
