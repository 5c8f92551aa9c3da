# Every target sets up what it needs: a locked environment in .venv, through uv (fetched if absent).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test soak check bench docs format clean

# Programs here start many processes; compiling the same modules in each would take most of the time.
unexport PYTHONDONTWRITEBYTECODE

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
RUN := $(UV) run --no-sync
PYTEST := $(RUN) pytest
WORKERS ?= 2

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: .venv/.ready ## Play one year of real flights: train, serve, drift, retrain, release (ARGS="--months 3-5")
	$(RUN) meguru demo flights $(ARGS)

test: .venv/.ready ## Run every test: unit, contracts, integration, acceptance, crash (ARGS="-k name")
	$(PYTEST) -n $(WORKERS) --dist loadgroup $(ARGS)

soak: .venv/.ready ## Run what needs many moments or much data (ARGS="-k name")
	$(PYTEST) -m soak $(ARGS)

check: .venv/.ready ## Lint, types, layers, sizes, names, docs
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) python scripts/check_sizes.py
	$(RUN) python scripts/check_names.py
	$(RUN) python scripts/make_reference.py --check
	$(RUN) python scripts/check_docs.py

bench: .venv/.ready ## Measure one hot path: make bench BENCH=name (files in benchmarks/)
	@test -n "$(BENCH)" || { echo "name one: make bench BENCH=…"; ls benchmarks; exit 2; }
	$(RUN) python benchmarks/$(BENCH).py $(ARGS)

docs: .venv/.ready ## Write docs/reference from the code
	$(RUN) python scripts/make_reference.py

format: .venv/.ready ## Format and mend what can be mended by a tool
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

clean: ## Remove the environment and caches
	rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/.ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --all-extras
	@touch $@

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet 'uv>=0.8'
