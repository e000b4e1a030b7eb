# `make run` and `make test` set everything up; `make help` lists what else there is.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes
# Existing pins stay; `make lock UPGRADE=--upgrade` renews all of them.
UPGRADE ?=
COMPILE := $(BIN)/uv pip compile --quiet pyproject.toml --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate

# Rooms whose tests are quick: no worker pool, no database, no storage server.
UNIT := $(addprefix tests/,urls settings cdn proxy sources imaging/gate geometry imaging/steps)
COVERED := urls imaging/steps proxy/cache proxy/variants
COVERED_BY := $(addprefix tests/,urls imaging/steps imaging/detection imaging/test_pipeline.py proxy)

.PHONY: help run test test-fast coverage trials lint docs charts console screenshots dist lock clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run.stamp  ## start both services on the sample photographs and print signed URLs
	@exec $(BIN)/mememime demo

test: .venv/test.stamp  ## run all tests (ARGS=… goes to pytest)
	$(BIN)/python -m pytest -m alone $(ARGS) || [ $$? = 5 ]
	$(BIN)/python -m pytest -n auto -m "not alone" $(ARGS) || [ $$? = 5 ]

test-fast: .venv/test.stamp  ## run the unit tests, in less than a minute
	$(BIN)/python -m pytest -n auto -m "not slow" $(UNIT) $(ARGS)

coverage: .venv/test.stamp  ## check that the unit tests of some rooms execute 95 % of them
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto $(COVERED_BY)
	$(BIN)/coverage combine --quiet
	@for room in $(COVERED); do \
	  $(BIN)/coverage report --include="mememime_proxy/$$room/*" --skip-covered --fail-under=95 || exit 1; \
	done

trials: .venv/test.stamp  ## run the long trials (uploads, jobs, the purge feed, damaged and hostile originals, combinations of options, the chart, a soak, the fuzzer), hours; `make test` runs samples
	$(BIN)/python -m tests.support.damage_trials
	$(BIN)/python -m tests.support.crash_trials
	$(BIN)/python -m tests.support.upload_machine --database sqlite
	$(BIN)/python -m tests.support.upload_machine --database postgres
	$(BIN)/python -m tests.support.job_trials --database sqlite
	$(BIN)/python -m tests.support.job_trials --database postgres
	$(BIN)/python -m tests.support.batch_trials
	$(BIN)/python -m tests.support.feed_trials --database sqlite
	$(BIN)/python -m tests.support.feed_trials --database postgres
	$(BIN)/python -m tests.support.option_trials
	$(BIN)/python -m tests.support.charts --check
	$(BIN)/python -m tests.hostile.trials
	$(BIN)/python -m tests.hostile.films.trials
	$(BIN)/python -m benchmarks soak
	$(BIN)/python -m tests.support.heap_trials --runs 1000
	$(BIN)/python -m tests.fuzz --seconds 180

lint: .venv/test.stamp  ## check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/test.stamp  ## write the reference pages that are made from tables
	$(BIN)/python -m mememime_proxy.urls.options.reference
	$(BIN)/python -m mememime_proxy.settings.reference
	$(BIN)/python -m mememime_proxy.errors.reference
	$(BIN)/python -m mememime_proxy.imaging.cost.reference
	$(BIN)/python -m tests.support.metrics_page
	$(BIN)/python -m tests.support.openapi_page
	$(BIN)/python -m tests.support.chart_schema
	$(BIN)/python -m tests.support.commands_page
	$(BIN)/python -m tests.support.promises
	$(BIN)/python -m tests.support.security_rows

charts: .venv/test.stamp  ## render the Helm chart and the Kustomize overlays (helm and kubectl are needed), compare both, and write the objects that the tests read
	$(BIN)/python -m tests.support.charts

console:  ## check and bundle the console's pages (npm is needed); the built files are committed
	npm --prefix mememime_proxy/console ci --no-audit --no-fund
	npm --prefix mememime_proxy/console run check
	npm --prefix mememime_proxy/console run build

screenshots: .venv/test.stamp  ## make pictures of all pages of the console in screenshots/, light and dark, wide and narrow
	$(BIN)/python -m tests.support.console_screenshots --out screenshots

dist: .venv/test.stamp  ## build the wheel and the source archive in dist/
	$(BIN)/python -m build --no-isolation

lock: .venv/test.stamp  ## bring the lock files in line with pyproject.toml (UPGRADE=--upgrade renews all versions)
	$(COMPILE) $(UPGRADE) --all-extras -o requirements/dev.lock
	$(COMPILE) --constraint requirements/dev.lock --extra build --extra server -o requirements/server.lock
	$(COMPILE) --constraint requirements/dev.lock --extra build --extra server --extra av -o requirements/run.lock
	$(COMPILE) --constraint requirements/dev.lock --extra build --extra server --extra autoquality --extra c2pa --extra cloud --extra faces --extra heic \
	  --extra jpegli --extra jxl --extra objects --extra otel --extra pdf --extra postgres --extra repack -o requirements/image.lock

clean:  ## remove the environment and what was built
	rm -rf .venv build dist *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }

.venv/run.stamp: requirements/run.lock pyproject.toml | .venv/bin/python
	@echo "Installing (once) ..."
	@$(PIP) -r requirements/run.lock
	@$(PIP:--require-hashes=) --no-build-isolation --no-deps -e .
	@touch $@

.venv/test.stamp: requirements/dev.lock .venv/run.stamp
	@$(PIP) -r requirements/dev.lock
	@touch $@
