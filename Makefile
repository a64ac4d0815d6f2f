# The developer's commands; each sets up what it needs. `make demo` and `make test` are the two.
.DEFAULT_GOAL := help
# Where it is set, each of the hundreds of commands of `make test` compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
BIN := $(CURDIR)/.venv/bin
LIVE := $(BIN)/pytest tests/integration tests/browser tests/attack -n 2 --dist loadfile --no-loadscope-reorder --durations=5

.PHONY: help demo demo-down test test-live test-compose test-host test-mutations support endurance unit lint bench clean

help:
	@echo "make demo       a stack on this machine with a dashboard on it"
	@echo "make demo-down  stop it"
	@echo "make test       unit tests and the stories, with real servers and a real browser"
	@echo "make test-live  everything else that needs real servers, a browser or an attacker"
	@echo "make test-compose  stacks on a Docker Engine of their own, here and on another machine over SSH"
	@echo "                (a container with sshd), from up to nothing left; needs root"
	@echo "make test-host  of these only that on another machine"
	@echo "make test-mutations  weakens each protection in a copy, and sees a test fail"
	@echo "make support    libraries looked at in a browser; writes docs/support.md"
	@echo "make endurance  what takes minutes: many viewers, kills in the middle"
	@echo "make unit       the fast ones"
	@echo "make lint       ruff, mypy, import contracts"
	@echo "make bench      what we claim about speed, against plain Voilà"
	@echo "make clean      remove what these made"

demo:
	@scripts/setup labextension
	@cd examples && $(BIN)/dashops up -y && $(BIN)/dashops deploy-notebook tips.ipynb && $(BIN)/dashops password

demo-down:
	@cd examples && $(BIN)/dashops down

test:
	@scripts/setup browser services labextension
	@$(BIN)/pytest -n 2
	@$(LIVE) -m story

test-live:
	@scripts/setup browser services labextension
	@$(LIVE) -m "(integration or browser or attack) and not story"

test-compose:
	@scripts/setup browser labextension engine
	@$(BIN)/pytest -m compose tests/compose --durations=12

test-host:
	@scripts/setup browser labextension engine
	@$(BIN)/pytest -m compose tests/compose/test_on_a_host.py --durations=8

test-mutations:
	@scripts/setup
	@$(BIN)/python tests/mutations

support:
	@scripts/setup browser
	@$(BIN)/pytest tests/support -m support -n 2 --dist loadgroup --durations=5

endurance:
	@scripts/setup browser
	@$(BIN)/pytest -m endurance --durations=5

unit:
	@scripts/setup
	@$(BIN)/pytest -n 2

lint:
	@scripts/setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench:
	@scripts/setup browser
	@$(BIN)/python -m bench

clean:
	@if [ -x $(BIN)/dashops ] && [ -d examples/.dashops ]; then cd examples && $(BIN)/dashops down --purge -y; fi
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
		labextension/node_modules labextension/lib dashops/services/notebook/labextensions
