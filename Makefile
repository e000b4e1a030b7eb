# Two commands set everything up: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes

.PHONY: run test lint docs lock clean

run: .venv/run.stamp  ## start the service on the sample photographs and print signed URLs
	@exec $(BIN)/mememime demo

test: .venv/test.stamp  ## run all tests
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: .venv/test.stamp  ## style, types, import walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/test.stamp  ## write the reference pages that are made from tables
	$(BIN)/python -m mememime_proxy.urls.options.reference
	$(BIN)/python -m mememime_proxy.settings.reference
	$(BIN)/python -m mememime_proxy.resources.http.openapi

lock: .venv/test.stamp  ## renew the lock files
	$(BIN)/uv pip compile -q pyproject.toml --extra build --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --all-extras --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements-dev.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra build --extra cloud --extra heic --extra jxl --extra otel \
	  --extra postgres --extra repack \
	  --python-version 3.11 --constraint requirements-dev.lock --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements-extras.lock

clean:
	rm -rf .venv build *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing (once) ..."
	@$(PIP) -r requirements.lock
	@$(PIP:--require-hashes=) --no-build-isolation --no-deps -e .
	@touch $@

.venv/test.stamp: requirements-dev.lock .venv/run.stamp
	@$(PIP) -r requirements-dev.lock
	@touch $@
