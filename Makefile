# Every target sets up what it needs: a locked environment in .venv, through uv (fetched if absent).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test soak test-lowest test-newest check bench docs format clean

# Programs here start many processes; compiling the same modules in each would take most of the time.
unexport PYTHONDONTWRITEBYTECODE

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
RUN := $(UV) run --no-sync
PYTEST := $(RUN) pytest
# Two more than a small machine has processors: tests wait for servers, browsers and processes a good part of their time.
WORKERS ?= 4
# Not in the lock: the index's own build brings gigabytes of CUDA. A build for the CPU alone is taken where pip finds one.
TORCH := python3 -m pip --python .venv/bin/python install --quiet 'torch==2.13.0+cpu'

# What another library or Python changes shows in what calls it: values, files, tables, protocols, code that is read, the
# command line. The rest starts processes and servers over and over: our own mechanisms, and most of the time.
PART ?= $(addprefix tests/unit/,api base cli datasets flavors governance predictions registry stats storage) $(addprefix tests/unit/pipelines/test_,authoring.py code.py hand_over.py materializers.py) \
  tests/unit/sweeps/test_suggest.py tests/unit/console/test_pages.py
# An integration test needs servers that these environments do not have.
OTHERS = -m "not soak and not integration" -n $(WORKERS) --dist loadgroup $(PART) $(ARGS)

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: .venv/.ready ## Play one year of real flights: train, serve, drift, retrain, release (ARGS="--months 3-5")
	$(RUN) meguru demo flights $(ARGS)

test: .venv/.ready ## Run every test: unit, contracts, integration, acceptance, crash (ARGS="-k name")
	$(RUN) python -P scripts/run_tests.py -n $(WORKERS) --dist loadgroup $(ARGS)

soak: .venv/.ready ## Run what needs many moments or much data (ARGS="-k name")
	$(PYTEST) -m soak $(ARGS)

test-lowest: $(UV) ## Unit tests with the oldest libraries that we allow (PART=tests/unit for all)
	@test -x .venv-lowest/bin/python || $(UV) venv --quiet --no-project .venv-lowest
	VIRTUAL_ENV=.venv-lowest $(UV) pip install --quiet --resolution lowest-direct --all-extras --group test -r pyproject.toml -e .
	.venv-lowest/bin/pytest $(OTHERS)

test-newest: $(UV) ## Unit tests on the newest Python of this machine, with the locked libraries
	@newest=$$(python3 scripts/newest_python.py); \
	if [ -z "$$newest" ]; then echo "no Python newer than $$(python3 --version) is here: nothing is tested on one" >&2; exit 0; fi; \
	UV_PROJECT_ENVIRONMENT=.venv-newest $(UV) sync --quiet --frozen --all-extras --no-default-groups --group test --python "$$newest" \
	&& .venv-newest/bin/pytest $(OTHERS)

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
	rm -rf .venv .venv-lowest .venv-newest .uv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/.ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --all-extras
	@$(TORCH) >/dev/null 2>&1 || echo "no CPU build of PyTorch at hand: tests that need it are skipped"
	@touch $@

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet 'uv>=0.8'
