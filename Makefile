# Mudra's commands. `make` alone lists them. Works with GNU make 3.81 (macOS) and newer.
#
#   PYTHON  the Python that makes .venv, 3.11 or newer
#   TORCH   what pip is told where .venv holds no torch 2.13 yet (README: the CPU-only torch)
#   ARGS    passed on to Streamlit (run) or pytest (test, test-slow)
#   STREAMLIT  the Streamlit of test-streamlit

# the first of these that is new enough, else python3, which is then told what it lacks
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; \
	done; echo python3)
TORCH ?= torch==2.13.0
ARGS ?=
STREAMLIT ?= streamlit
SLOWEST = --durations 12 --durations-min 5
PREPARE = @"$(PYTHON)" .ci/prepare.py --torch "$(TORCH)"

.PHONY: help run setup setup-dev lint test unit browser test-slow test-streamlit coverage words

help:
	@echo "make run        prepare what is missing, then open the studio at http://localhost:8501"
	@echo "make setup      the preparation alone: .venv, dependencies, hand models"
	@echo "make test       preparation, lint, types, tests"
	@echo "make test-slow  the tests that take minutes"
	@echo "make test-streamlit  the tests with another Streamlit: STREAMLIT=streamlit==1.67.0, the newest unless told"
	@echo "make words      bring the catalogues of translations up to date with the code"
	@echo "make coverage   how much of core/ the tests without a browser run through"

run: setup
	@.venv/bin/python -m streamlit run app.py $(ARGS)

setup:
	$(PREPARE)

setup-dev:
	$(PREPARE) --dev

lint: setup-dev
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m ruff format --check .
	@.venv/bin/python -m mypy
	@cd pages/components && DENO_NO_UPDATE_CHECK=1 ../../.venv/bin/deno check --no-remote --no-npm --no-lock --quiet .

# mypy needs one core for a minute: beside the tests that need no browser, and browsers alone
test: setup-dev
	@$(MAKE) --no-print-directory -j 2 lint unit
	@$(MAKE) --no-print-directory browser

# compiled modules are kept, whatever the shell says: each of the many processes reads all of them;
# one thread a test: three tests share two cores, and threads that wait for each other compute too;
# in the order of their names, as browser has it
unit: setup-dev
	@PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 .venv/bin/python -m pytest \
		-m "not slow and not browser" -n 3 --dist loadfile --no-loadscope-reorder $(SLOWEST) $(ARGS)

# in the order of their names: else the files with one long test come last, and one core has none;
# from their folder, where none is named: else each process imports what all other tests need. Two at
# a time starve each other on a small machine: what failed runs once more, alone, and is named
BROWSER = PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -o testpaths=tests/browser \
	-m "browser and not slow" $(SLOWEST)
browser: setup-dev
	@$(BROWSER) -n 2 --dist loadfile --no-loadscope-reorder $(ARGS) || \
		{ echo "Once more, alone, what failed beside others:"; \
		$(BROWSER) -v --last-failed --last-failed-no-failures none $(ARGS); }

coverage: setup-dev
	@.venv/bin/python -m pytest -m "not slow and not browser" -n 2 --dist loadfile \
		--cov=core --cov-report=term:skip-covered $(ARGS)

test-slow: setup-dev
	@.venv/bin/python -m pytest -m slow $(ARGS)

# in an environment of its own
test-streamlit:
	@"$(PYTHON)" .ci/prepare.py --dev --venv .venv-streamlit --torch "$(TORCH)"
	@.venv-streamlit/bin/python -m pip install --quiet --upgrade "$(STREAMLIT)"
	@.venv-streamlit/bin/python -m pytest -m "not slow" -n 2 --dist loadfile $(ARGS)

words: setup-dev
	@.venv/bin/python -m tests.support.catalogues
