# Two commands for a newcomer: `make demo` and `make test`.  Both do all the set-up themselves.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SYSTEM := $(VENV)/.system
PYTEST := $(BIN)/python -m pytest
export PYTHONDONTWRITEBYTECODE =

.PHONY: setup demo test test-fast check format lint types imports docs serve kit faults bench bench-scale bench-small small-vault small-proofs small-scale small-databases small-letters small-incident small-audit small-cost clean help

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: $(READY)  ## Make the environment in .venv, with `baozhang` in .venv/bin

$(READY): requirements.lock pyproject.toml tools/system.sh
	@tools/system.sh
	@echo "setup: the environment in $(VENV) (some minutes the first time)"
	@test -x $(BIN)/python || $$(command -v $(PYTHON) || command -v python3) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@
	@echo "setup: done; the command is $(BIN)/baozhang"

demo: $(READY)  ## See the whole main job on four clients, in out/demo
	@$(BIN)/baozhang demo --to out/demo

test: test-fast  ## Run all tests
	$(PYTEST) -m "slow and not server" -n 2 --dist worksteal
	$(PYTEST) -m server -p no:xdist

test-fast: $(READY)  ## Run the tests that need no server, without the fault suites
	$(PYTEST) -m "not server and not slow" -n 2 --dist worksteal

check: format lint types imports docs test bench-small  ## Everything that CI asks

format: $(READY)  ## Is every file formatted?
	$(BIN)/ruff format --check .

lint: $(READY)  ## Does the code keep the rules, and prefect.yaml its own?
	$(BIN)/ruff check .
	$(BIN)/python tools/deployments.py

types: $(READY)  ## Do the types hold?
	$(BIN)/mypy

imports: $(READY)  ## Do imports point down?
	$(BIN)/lint-imports

docs: $(READY)  ## Do the documents say what is so, and has every word its twin?
	$(BIN)/python tools/words.py --check
	$(PYTEST) tests/docs -q

serve: $(READY)  ## Start server, pool, deployments and a worker for the site in BAOZHANG_HOME
	$(BIN)/python tools/serve.py

faults: $(READY)  ## Strike the vault thousands of times, as root; results in out/faults
	$(BIN)/python -m tools.faults

kit: $(READY)  ## Pack the restore kit for a USB stick; in out/kit
	$(BIN)/python tools/kit.py

bench: $(READY)  ## Measure in full: against borg and restic, proofs, scale; results in out/bench*
	@tools/peers.sh
	$(BIN)/python -m benchmarks.vault --profile --out out/bench
	$(BIN)/python -m benchmarks.proofs --out out/bench-proofs
	$(BIN)/python -m benchmarks.scale --out out/bench-scale
	$(BIN)/python -m benchmarks.databases --out out/bench-databases
	$(BIN)/python -m benchmarks.letters --out out/bench-letters
	$(BIN)/python -m benchmarks.incident --out out/bench-incident
	$(BIN)/python -m benchmarks.audit --out out/bench-audit
	$(BIN)/python -m benchmarks.cost --out out/bench-cost

bench-scale: $(READY)  ## Measure a million files, a file of 2 GB, ten times the files
	$(BIN)/python -m benchmarks.scale --out out/bench-scale

bench-small: $(READY)  ## The same, small and once: does the harness still work?
	@tools/peers.sh
	@$(MAKE) --no-print-directory -j2 small-vault small-proofs small-scale small-databases small-letters small-incident small-audit small-cost

small-vault:
	$(BIN)/python -m benchmarks.vault --small --out out/bench-small

small-proofs:
	$(BIN)/python -m benchmarks.proofs --small --out out/bench-small-proofs

small-scale:
	$(BIN)/python -m benchmarks.scale --small --out out/bench-small-scale

small-databases:
	$(BIN)/python -m benchmarks.databases --small --out out/bench-small-databases

small-letters:
	$(BIN)/python -m benchmarks.letters --small --out out/bench-small-letters

small-incident:
	$(BIN)/python -m benchmarks.incident --small --out out/bench-small-incident

small-audit:
	$(BIN)/python -m benchmarks.audit --small --out out/bench-small-audit

small-cost:
	$(BIN)/python -m benchmarks.cost --small --out out/bench-small-cost

clean:  ## Remove what setup and runs made
	rm -rf $(VENV) out build *.egg-info
