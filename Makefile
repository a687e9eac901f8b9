# `make ship` and `make test` do all their own set-up; `make help` lists the rest.

ACT_VERSION        := v0.2.89
ACTIONLINT_VERSION := v1.7.12
VERSITYGW_VERSION  := v1.8.0
GO_MINIMUM         := 1.25

UV    := .venv/bin/uv
TOOLS := .tools/act-$(ACT_VERSION)-actionlint-$(ACTIONLINT_VERSION)-versitygw-$(VERSITYGW_VERSION).stamp

# Stages and tests call `python`, `dvc` and `gates` by name: they mean ours.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE

comma := ,
# As many threads as cores in each test process would get in one another's way: a tenth of the time. Memory that glibc
# hands back to the system, and asks for again a moment later, is two thirds of all page faults.
OF_A_TEST_PROCESS = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=536870912
# One more than there are cores: some tests wait for a server that is silent on purpose.
PROCESSES = $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

WORKFLOWS := $(wildcard .github/workflows/*.yml)
ACTIONS   := $(wildcard .github/actions/*/action.yml)

# One plain line before each step, bold on a terminal only.
say = @if [ -t 1 ] && [ -z "$$NO_COLOR" ]; then printf '\033[1m%s\033[0m\n' '$(1)'; else printf '%s\n' '$(1)'; fi

# Make .venv hold exactly what requirements/$(1).txt says, and this project. The demo's bytecode is compiled here, once:
# without it `import mlflow` takes 3 s instead of 1.4 s, in every job. With the test tools there is three times as much
# as is ever imported, and Python compiles what it imports.
sync = $(UV) pip sync --quiet $(2) --python .venv/bin/python --require-hashes \
    --build-constraints requirements/$(1).txt requirements/$(1).txt && \
  $(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .

# Same versions on every Python and platform, hashes of all their files, no address of an index.
compile = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --annotation-style line --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(UPGRADE)

# What one goal needs is made on two cores: Go builds while mypy reads. Several goals are made in their order.
ifeq ($(MAKELEVEL)$(words $(MAKECMDGOALS)),01)
MAKEFLAGS += --jobs=2
else
.NOTPARALLEL:
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help
.PHONY: help install ship test lint lint-types lint-style lint-floors lint-workflows bench decisions faults mutants lock clean tools browser dev

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

ship: install ## data, train, predict, judge, promote: says what it decided and why
	@.venv/bin/python scripts/fill_bucket.py
	@.venv/bin/gates ship

install: .venv/demo.stamp ## the set-up alone; afterwards .venv/bin/gates is the command

test: tools lint-types browser lint ## everything that must hold
	$(call say,test: pytest)
	@$(OF_A_TEST_PROCESS) .venv/bin/python -m pytest --numprocesses $(PROCESSES) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: tools lint-types lint-style lint-floors lint-workflows ## style, types, floors and workflows, without running anything

lint-style: dev
	$(call say,lint: ruff)
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet

lint-types: dev
	$(call say,lint: mypy)
	@.venv/bin/mypy --no-error-summary

lint-floors: dev
	$(call say,lint: floors of the house)
	@out=$$(.venv/bin/lint-imports 2>&1) || { printf '%s\n' "$$out"; exit 1; }

lint-workflows: dev tools
	$(call say,lint: workflows and actions)
	@.venv/bin/zizmor --offline --persona auditor --quiet .github
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@.venv/bin/check-jsonschema --quiet --builtin-schema github-workflows-require-timeout $(WORKFLOWS)
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-actions $(ACTIONS)
	@[ ! -x .tools/bin/actionlint ] || .tools/bin/actionlint

bench: dev tools ## how long things take here
	@.venv/bin/python -m benchmarks.bench
	@.venv/bin/python -m benchmarks.speed

decisions: dev ## how often each gate is wrong, by simulation; kept in docs/decisions.md
	@.venv/bin/python -m benchmarks.decisions

faults: dev tools ## break everything everywhere, and time how soon it is well again
	@.venv/bin/python -m benchmarks.faults

mutants: dev ## how many changes of statement, ledger and plans the tests notice
	@rm -rf mutants
	@.venv/bin/python -m benchmarks.mutants

lock: .venv/uv.stamp ## write requirements/*.txt again (UPGRADE=--upgrade: with the newest versions)
	$(call say,lock: requirements/)
	@$(compile) pyproject.toml --extra demo --extra dev --extra ray --extra sigstore --group build -o requirements/dev.txt
	@$(compile) pyproject.toml --extra demo --group build -c requirements/dev.txt -o requirements/demo.txt
	@$(compile) pyproject.toml --extra sigstore --group build -c requirements/dev.txt -o requirements/gates.txt
	@$(compile) --group uv -o requirements/uv.txt
	@$(compile) --group go -o requirements/go.txt

clean: ## remove what make made; bucket, ledger, key and runs stay
	rm -rf .venv .tools .screenshots .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache mutants
	find . -name __pycache__ -prune -exec rm -rf {} +

# ---------------------------------------------------------------- set-up

dev: .venv/dev.stamp

.venv/uv.stamp: requirements/uv.txt
	$(call say,install: .venv with uv)
	@set -e; for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; \
	  then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'No Python 3.11 to 3.14 was found. Install one, or name it: make install PYTHON=/path/to/python3' >&2; \
	  exit 1; \
	fi; \
	"$$found" -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/uv.txt
	@touch $@

# An environment that has the test tools keeps them.
.venv/demo.stamp: .venv/uv.stamp requirements/demo.txt pyproject.toml
	$(call say,install: requirements)
	@if [ -e .venv/dev.stamp ]; then $(call sync,dev) && touch .venv/dev.stamp; \
	else $(call sync,demo,--compile-bytecode); fi && touch $@

.venv/dev.stamp: .venv/uv.stamp requirements/dev.txt pyproject.toml
	$(call say,install: requirements and test tools)
	@$(call sync,dev) && touch .venv/demo.stamp $@

# act runs the workflows in the tests, actionlint reads them, versitygw is an S3 server that keeps its locks. They are
# Go programs, built from pinned versions that Go checks against its checksum database; Go comes from the machine or
# from a locked package. Without what a debugger needs, and with memory for its compiler, more than a third of
# the build is saved.
tools: .venv/uv.stamp
	@mkdir -p .tools; [ -e $(TOOLS) ] || $(MAKE) --no-print-directory $(TOOLS) 2>.tools/log || { \
	  [ -z "$$GATES_REQUIRE_TOOLS" ] || { cat .tools/log; exit 1; }; \
	  echo 'tools: no Go $(GO_MINIMUM)+ and none to be had (.tools/log): the tests that need them are skipped.'; \
	}

$(TOOLS): requirements/go.txt
	$(call say,install: act$(comma) actionlint and versitygw)
	@set -e; go=$$(command -v go || echo none); \
	if ! "$$go" version 2>/dev/null | awk '{ split(substr($$3, 3), v, "."); split("$(GO_MINIMUM)", w, "."); new = v[1] > w[1] || v[2] >= w[2] } END { exit !new }'; then \
	  .venv/bin/python -m venv --without-pip --clear .tools/go; \
	  $(UV) pip install --quiet --python .tools/go/bin/python --require-hashes -r requirements/go.txt; \
	  go=.tools/go/bin/go; \
	fi; \
	export GOBIN="$(CURDIR)/.tools/bin" GOGC=off GOMEMLIMIT=1GiB GOFLAGS="-trimpath -gcflags=all=-dwarf=false -ldflags=-w"; \
	"$$go" install github.com/nektos/act@$(ACT_VERSION); \
	"$$go" install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION); \
	"$$go" install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION); \
	rm -rf .tools/go
	@touch $@

# The report's tests look at it in Chromium: the machine's, the distribution's, or the one that Playwright brings.
browser: .venv/dev.stamp
	@for each in chromium chromium-browser google-chrome google-chrome-stable; do \
	  ! command -v $$each >/dev/null || exit 0; \
	done; \
	$(MAKE) --no-print-directory .tools/browser.stamp || [ -z "$$GATES_REQUIRE_TOOLS" ]

.tools/browser.stamp:
	$(call say,install: Chromium)
	@mkdir -p .tools; { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get update -q && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; \
	} >.tools/browser.log 2>&1 || .venv/bin/playwright install chromium >>.tools/browser.log 2>&1 || { \
	  echo 'browser: no Chromium and none to be had (.tools/browser.log): the tests that need it are skipped.'; \
	  exit 1; \
	}
	@touch $@
