# What can be run from a checkout. Each target sets up what it needs (.ci/setup) and then runs.
.PHONY: help demo test check faults fuzz bench pictures clean
.DEFAULT_GOAL := help

PY := .venv/bin/python
# Three workers: the suite is made for two cores, and much of it waits for servers.
PYTEST := $(PY) -m pytest -n 3 --dist worksteal

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## the whole bot against its sandbox, in the browser: no account, no server, no root (DEMO="--rulebook my.yml")
	@.ci/setup demo
	@$(PY) -m bot demo $(DEMO)

test: ## the tests, against real PostgreSQL, Dovecot and Chromium (about 5 minutes)
	@.ci/setup test
	$(PYTEST)

check: ## ruff, mypy, the walls between the rooms, and the tests
	@.ci/setup test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PYTEST)

faults: ## the long run of kills and outages
	@.ci/setup test
	DOCKET_FAULTS=1 $(PY) -m pytest tests/faults --timeout=3600

fuzz: ## the long property tests: calendars, texts, mails, histories
	@.ci/setup test
	DOCKET_FUZZ=1 $(PYTEST) --timeout=7200

bench: ## ratios against named peers, measured in one run of about 30 minutes (SIZE=quick: a first look)
	@.ci/setup bench
	$(PY) -m tests.bench --size $(or $(SIZE),whole)

pictures: ## remake the pictures of the docs
	@.ci/setup test
	$(PY) docs/take_pictures.py

clean: ## remove what the targets made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
