# Every command a person or CI types. Each installs what it needs; `make help` lists them.
# A .pyc file saves a cold start two thirds of its time, so never let an environment forbid them.
unexport PYTHONDONTWRITEBYTECODE
# Properties are tried on the same examples every time, whatever order a process gives its sets.
test test-unit test-e2e: export PYTHONHASHSEED := 0
export CDK_DISABLE_VERSION_CHECK := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready
# A browser is only needed to test the console in one, and is 60 MB: not for who deploys.
BROWSER := tests/browser/node_modules/.ready
STAGE  ?= dev
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help install local demo test test-unit test-e2e screenshots bench replay replay-prices soak costs schemas drill lint format synth diff pins upgrade-drill deploy clean audit sbom test-roles pentest

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock package-lock.json pyproject.toml .ci/bootstrap.lock .ci/prerequisites
	@PYTHON="$(PYTHON)" sh .ci/prerequisites
	@echo "installing the locked packages into .venv (about half a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/bootstrap.lock
	@VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@npm ci --silent --no-fund --no-audit
	@touch $@

$(BROWSER): tests/browser/package-lock.json
	@echo "installing a browser for the tests of the console (once)"
	@npm ci --silent --no-fund --no-audit --prefix tests/browser
	@touch $@

install: $(READY) ## install the locked packages into .venv and node_modules

local: $(READY) ## start the local engine, deploy the app into it, print how to use it
	@$(BIN)/crossdock local up $(ARGS)

demo: $(READY) ## a day of business through the deployed app (ARGS="--days 10 --ledger FILE")
	@$(BIN)/crossdock demo $(ARGS)

# Three workers for two cores: what is deployed is waited for (holds that end, windows that open) two minutes in all.
test: $(READY) $(BROWSER) ## every test but the benchmarks
	@$(BIN)/python -m pytest tests -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

test-unit: $(READY) ## the tests that need no engine: seconds
	@$(BIN)/python -m pytest tests/unit tests/property $(ARGS)

test-e2e: $(READY) $(BROWSER) ## the deployed app, driven over HTTP, SQS and EventBridge
	@$(BIN)/python -m pytest tests/e2e $(ARGS)

screenshots: $(READY) $(BROWSER) ## the console's pages, from made-up data; writes docs/screenshots/
	@CROSSDOCK_SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest tests/e2e/test_console.py $(ARGS)

bench: $(READY) ## count what each operation costs; writes .build/bench.json
	@$(BIN)/python -m tests.bench $(ARGS)

replay: $(READY) ## the whole real ledger against its fold, some minutes; go on after Ctrl-C (ARGS="--month 2011-02")
	@$(BIN)/python -m tests.replay $(ARGS)

replay-prices: $(READY) ## prices derived from the real ledger, every line of it quoted; a minute (ARGS="--json FILE")
	@$(BIN)/python -m tests.replay.prices $(ARGS)

soak: $(READY) ## random schedules of reservations and stock, as many as one likes (ARGS="--schedules 200000 [--engine]")
	@$(BIN)/python -m tests.soak $(ARGS)

costs: $(READY) ## the cost model: counted requests × dated published prices; writes docs/costs.md
	@$(BIN)/python -m tests.bench.costs $(ARGS)

schemas: $(READY) ## what outsiders rely on, from the code; writes docs/openapi.json, docs/asyncapi.json and docs/schemas/
	@$(BIN)/python -m infra.documents
	@$(BIN)/python -c "from pathlib import Path; from crossdock.contracts.price_schemas import write; write(Path('docs/schemas'))"

drill: $(READY) ## six faults on the deployed app: figure, alarm, runbook, nothing lost (ARGS="--json --only channel")
	@$(BIN)/python -m tests.drill $(ARGS)

AUDITING := .build/audit
$(AUDITING)/.ready: .ci/audit.lock $(READY)
	@$(BIN)/python -m venv --clear $(AUDITING)
	@VIRTUAL_ENV=$(AUDITING) $(BIN)/uv pip sync --quiet --require-hashes .ci/audit.lock
	@touch $@

audit: $(AUDITING)/.ready ## known vulnerabilities of everything locked; exit code 3 when nobody can be asked
	@$(AUDITING)/bin/python -m infra.supply.audit

sbom: $(AUDITING)/.ready ## every locked package with its hashes as CycloneDX; writes .build/sbom.cdx.json (ARGS="--out FILE")
	@$(AUDITING)/bin/python -m infra.supply.sbom $(ARGS)

test-roles: $(READY) ## the app with IAM enforced: each role may do what its function does, and no more
	@$(BIN)/python -m pytest tests/enforced $(ARGS)

pentest: $(READY) ## attacks on a deployment it starts itself, in a table (ARGS="--json" or "--url … --i-own-this …")
	@$(BIN)/python -m tests.pentest $(ARGS)

lint: $(READY) ## ruff, mypy, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## let ruff lay the code out
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

synth: $(READY) ## the CloudFormation of a stage (STAGE=dev)
	@PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk synth --quiet --context stage=$(STAGE) $(ARGS)

diff: $(READY) ## what a deployment would change, without credentials; fails on what holds data (STAGE=prod BASE=HEAD~1)
	@$(BIN)/python -m infra.diffing --stage $(if $(filter command,$(origin STAGE)),$(STAGE),prod) $(if $(BASE),--base $(BASE)) $(ARGS)

pins: $(READY) ## pin what holds data as it is now; shows in the review (infra/retained.json)
	@$(BIN)/python -m infra.retained --write

upgrade-drill: $(READY) ## upgrade and roll back under load, count what was accepted (ARGS="--seconds 30 --json FILE")
	@$(BIN)/python -m tests.upgrade_drill $(ARGS)

# Tables and logs outlive their stack under their names: a stack that is made again takes them back instead of failing.
deploy: $(READY) ## deploy to your AWS account (STAGE=dev); needs credentials and a bootstrapped region
	@PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk deploy --all --require-approval broadening --import-existing-resources --context stage=$(STAGE) $(ARGS)

clean: ## stop the local engine and remove everything that was built
	@if test -x $(BIN)/crossdock; then $(BIN)/crossdock local down --quiet; fi
	@rm -rf .venv .build node_modules tests/browser/node_modules cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
