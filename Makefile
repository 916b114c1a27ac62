# `make help` lists what there is.
SHELL := /bin/bash
VENV ?= .venv
PY := $(VENV)/bin/python
export GUANXUE_DIE_WITH_PARENT := 1
# Where a machine says that nothing compiled is kept, each of our processes would compile all of the house anew as it begins.
export PYTHONDONTWRITEBYTECODE :=
# What the site reads of each language; made from the words people edit.
WORDS := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))

.PHONY: prove help run test lint format bench lock gallery axe messages system

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

run: $(VENV)/.installed $(WORDS) ## set up what is missing, then serve with the worker behind (PORT, GUANXUE_DATA are honoured)
	@scripts/system-packages run
	@$(VENV)/bin/guanxue up

# What would take too long in every run takes turns from commit to commit (tests/turns.py).
GUANXUE_TURN ?= $(shell git rev-list --count HEAD 2>/dev/null || echo 0)
test: export GUANXUE_TURN := $(GUANXUE_TURN)
test: $(VENV)/.installed-dev $(WORDS) ## the suite, unit to browser; everything, also what takes turns: make test GUANXUE_TURN=
	@scripts/system-packages test
	@$(VENV)/bin/ruff check -q platform tests
	@$(VENV)/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder tests  # two cores: one of three always waits for a film or a browser

prove: $(VENV)/.installed-dev $(WORDS) ## what counts against a map of every millisecond: 10,000 lives (GUANXUE_CASES) on each database; presence checks and credits in any order: 1,000 (GUANXUE_LIVES); three minutes offline
	@scripts/system-packages test
	@GUANXUE_CASES=$${GUANXUE_CASES:-10000} $(VENV)/bin/pytest -n 2 --dist load tests/learning/test_second_map.py
	@GUANXUE_CASES=$${GUANXUE_LIVES:-1000} $(VENV)/bin/pytest -n 2 --dist load tests/learning/test_presence_lives.py tests/creditbank/test_any_order.py
	@GUANXUE_STUDY_S=180 $(VENV)/bin/pytest tests/journeys/test_taken_along.py -k closed

lint: $(VENV)/.installed-dev ## style and import order
	@$(VENV)/bin/ruff check platform tests bench
	@$(VENV)/bin/lint-imports

format: $(VENV)/.installed-dev ## let ruff format
	@$(VENV)/bin/ruff format platform tests bench && $(VENV)/bin/ruff check --fix -q platform tests bench

bench: $(VENV)/.installed-dev $(WORDS) ## measure against the bare yardsticks and write bench/RESULTS.md
	@scripts/system-packages bench
	@$(PY) bench/run.py
	@$(PY) bench/uploads.py

gallery: $(VENV)/.installed-dev $(WORDS) ## photograph every page, as a phone and a desk show it, into docs/gallery
	@scripts/system-packages test
	@$(PY) -m tests.gallery

axe: $(VENV)/.installed-dev $(WORDS) ## every page of every role and language read by axe-core; writes docs/accessibility.md
	@scripts/system-packages test
	@$(PY) -m tests.accessibility

lock: ## write the hashed locks from the .in files
	@$(VENV)/bin/pip install -q uv
	@$(VENV)/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements.in -o requirements.txt
	@$(VENV)/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements.txt requirements-dev.in -o requirements-dev.txt

messages: ## collect the words of pages and code, bring translations/ up to date
	@$(VENV)/bin/pybabel -q extract -F translations/babel.cfg -k _ -k lazy -k gettext -k lazy_ngettext:1,2 --no-location --sort-output \
	  --no-wrap --project=Guanxue --version=1 -o translations/messages.pot .
	@$(VENV)/bin/pybabel -q update -N --ignore-obsolete --ignore-pot-creation-date --no-wrap -i translations/messages.pot -d translations
	@$(PY) scripts/convert-words
	@$(VENV)/bin/pybabel compile --statistics -d translations

translations/%.mo: translations/%.po | $(VENV)/.installed
	@$(VENV)/bin/pybabel -q compile -i $< -o $@

$(VENV)/bin/python:
	@scripts/system-packages python
	@python3 -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "安装依赖 …"
	@$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@$(VENV)/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
