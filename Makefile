# netloom: the targets a person types. Each sets up what it needs (tools/setup.sh).
SHELL := /bin/bash
PY := .venv/bin/python
.DEFAULT_GOAL := help
# Kept bytecode: netloomd is started hundreds of times by the tests, and would be compiled anew each time where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-cloud test test-fast check bench dev lab clean dist lock generate setup

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Show tenants' networks working on a lab of three hosts, claim by claim (root)
	@tools/setup.sh run
	@$(PY) -m netloom.lab.demo

demo-cloud: ## Show a cloud on a lab of four hosts: tenants, files, machines, claim by claim (root)
	@tools/setup.sh run
	@$(PY) -m netloom.lab.demo_cloud

test: ## Run all tests (root: real Open vSwitch hosts in network namespaces; PostgreSQL)
	@tools/setup.sh test
	@tools/clients.sh
	@tools/test.sh

test-fast: ## Run the tests that need no root and no package: the pure floors
	@tools/setup.sh python
	@$(PY) -m pytest -m "not lab and not postgres and not oracle" tests/base tests/model tests/wire tests/plan tests/providers tests/reconcile

check: ## Lint, types, layers, generated files, layout: what CI checks before the tests
	@tools/setup.sh python
	@tools/check.sh

generate: ## Make the generated files anew (OpenFlow fields, OVSDB rows, docs)
	@tools/setup.sh python
	@tools/generate.sh

bench: ## Measure beside the peers; write bench/results and docs/benchmarks.md (root)
	@tools/setup.sh bench
	@$(PY) -m bench

dev: ## Start a lab of two hosts and netloomd in the foreground, for trying things
	@tools/setup.sh run
	@$(PY) -m netloom.lab.dev

lab: ## Bring up the lab alone: three Open vSwitch hosts in namespaces (netloom lab down ends it)
	@tools/setup.sh run
	@.venv/bin/netloom lab up

dist: ## Build the wheel that pipx takes
	@tools/setup.sh python
	@rm -rf dist && $(PY) -m build --wheel --no-isolation --outdir dist . >/dev/null && ls dist

lock: ## Pin the dependencies anew from pyproject.toml
	@tools/setup.sh python
	@tools/lock.sh

clean: ## Remove what the targets made, labs included
	@[ ! -x .venv/bin/netloom ] || [ "$$(id -u)" -ne 0 ] || .venv/bin/netloom lab down --all
	@rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
