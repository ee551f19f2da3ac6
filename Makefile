# Two commands matter: `make demo` and `make test`. Everything they need, they set up themselves.

VENV  := .venv
BIN   := $(VENV)/bin
PKGCI := $(BIN)/pkgci
SITE  := examples/lab/site.yaml

.PHONY: demo test lint unit lab-test bench clean-lab help

help:
	@echo "make demo       seven hosts from nothing: configured by Puppet, and proven"
	@echo "make test       lint, unit tests and lab tests"
	@echo "make lint       ruff, mypy, puppet-lint, shellcheck"
	@echo "make unit       unit tests, in seconds"
	@echo "make lab-test   the tests on real hosts, in a lab of their own"
	@echo "make bench      the budgets, each beside its peer"
	@echo "make clean-lab  remove every lab of this checkout, and their images"

demo: export PKGCI_SITE = $(SITE)
demo: prepare-demo $(VENV)/.runs
	$(PKGCI) lab up
	$(PKGCI) validate
	$(PKGCI) secrets init
	$(PKGCI) bootstrap
	$(PKGCI) verify-connectivity
	@echo
	@echo "The lab is up, configured and proven. What to look at next:"
	@echo "  export PKGCI_SITE=$(SITE)"
	@echo "  $(PKGCI) lab status                  # the hosts"
	@echo "  $(PKGCI) lab ssh zuul01              # be on one of them"
	@echo "  $(PKGCI) render-hiera --host zuul01  # the data that Puppet got"
	@echo "  $(PKGCI) bootstrap --role zuul       # run it again: 0 changes"
	@echo "  $(PKGCI) verify-servers              # delivered against ordered"
	@echo "  make clean-lab                             # nothing stays behind"

test: lint unit lab-test

lint: prepare-test $(VENV)/.develops
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	tests/puppet-lint.sh
	git ls-files -z | xargs -0 grep -lZE '^#!.*\b(ba)?sh\b' | xargs -0 shellcheck

unit: prepare-test $(VENV)/.develops
	$(BIN)/pytest tests/unit

lab-test: prepare-test $(VENV)/.develops
	$(BIN)/pytest tests/lab

bench: prepare-test $(VENV)/.develops
	$(BIN)/python -m tests.bench

clean-lab:
	@if [ -x $(PKGCI) ]; then for site in $(SITE) .lab/*/site.yaml; do \
	  if [ -e "$$site" ]; then $(PKGCI) lab down --images --site "$$site" || exit; fi; done; fi
	rm -rf .lab examples/lab/.lab examples/lab/.pkgci examples/lab/secrets examples/lab/known_hosts

.PHONY: prepare-demo prepare-test
prepare-demo:
	@.ci/prepare demo
prepare-test:
	@.ci/prepare test

$(VENV)/.runs: pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/pip -qq install --editable .
	@touch $@

$(VENV)/.develops: pyproject.toml $(VENV)/.runs
	$(BIN)/pip -qq install --editable '.[dev]'
	@touch $@
