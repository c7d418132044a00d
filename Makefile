# Needs GNU make 3.81 or later, a POSIX shell and any Python from 3.9 on; `make` alone lists the commands.

# Asked from /, where no .python-version sends a version manager looking for the Python that setup has yet to get.
PYTHON ?= $(shell cd / && for python in python3 /usr/bin/python3 python; do \
            "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null \
            && "$$python" -c 'import sys; print(sys.executable)' && break; done)
BOOTSTRAP = "$(or $(PYTHON),python3)" scripts/bootstrap.py
BIN = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-all demo test quick format bench package synth diff bootstrap deploy destroy clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## install everything the product needs into .venv
	@$(BOOTSTRAP)

setup-all: ## the same, with what only tests and benchmarks need
	@$(BOOTSTRAP) --all-groups

demo: setup ## one trading day of the simulated market, from data to digest
	@$(BIN)/signals demo

test: setup-all ## the whole check: format, lint, types, import rules, every test
	@echo '== format (ruff format --check)' && $(BIN)/ruff format --check
	@echo '== lint (ruff check)'            && $(BIN)/ruff check
	@echo '== types (mypy)'                 && $(BIN)/mypy
	@echo '== import rules (lint-imports)'  && $(BIN)/lint-imports --no-cache --no-logo
	@echo '== tests (pytest)'               && $(BIN)/pytest -n 2

quick: setup-all ## the tests without the slow ones
	@$(BIN)/pytest -n 2 -m 'not slow'

format: setup ## put the code into the project's form
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

bench: setup-all ## measure speed and memory, each figure beside a peer
	@for benchmark in benchmarks/[a-z]*.py; do \
	    echo "== $$benchmark" && $(BIN)/python -m "benchmarks.$$(basename "$$benchmark" .py)" || exit 1; done

package: setup-all ## build what Lambda runs; show its size, start and memory
	@$(BIN)/python -m benchmarks.packages

synth: setup-all ## write the stack's template; needs no account
	@$(BIN)/python -m infra.deploy synth --quiet $(CDK)

diff: setup-all ## say what a deployment would change
	@$(BIN)/python -m infra.deploy diff $(CDK)

bootstrap: setup-all ## prepare your AWS account for the CDK, once for each account and region
	@$(BIN)/python -m infra.deploy bootstrap $(CDK)

deploy: setup-all ## put it into your AWS account: make deploy CDK="-c watchlist=SPY,QQQ"
	@$(BIN)/python -m infra.deploy deploy $(CDK)

destroy: setup-all ## take it out of your AWS account; signals, models and snapshots stay
	@$(BIN)/python -m infra.deploy destroy $(CDK)

clean: ## remove the environment, tools and caches; .signals (your models and signals) stays
	rm -rf .venv .tools build cdk.out node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
