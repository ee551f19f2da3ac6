# Two commands matter: `make demo` and `make test`. Everything they need, they set up themselves.

VENV  := .venv
BIN   := $(VENV)/bin
PKGCI := $(BIN)/pkgci
SITE  := examples/lab/site.yaml

.PHONY: demo test lint unit mutants lab-test prove-real real-packages zuul-suite bench clean-lab help

help:
	@echo "make demo       a packaging CI from nothing: seven hosts, and a package's whole way"
	@echo "make test       lint, unit tests and lab tests"
	@echo "make lint       ruff, mypy, puppet-lint, shellcheck"
	@echo "make unit       unit tests: some minutes"
	@echo "make mutants    which faults in what reaches hosts the unit tests miss: hours; [NAMES='pkgci.remote.pool*']"
	@echo "make lab-test   the tests on real hosts, in a lab of their own"
	@echo "make prove-real WARS=DIRECTORY  lab tests on a real Gerrit and Jenkins: gerrit.war, jenkins.war, plugins/"
	@echo "make real-packages [NAMES='…']  packages that others made, the whole way, twice: hours"
	@echo "make zuul-suite Zuul's own tests, against the module that runs it on Python 3"
	@echo "make manual     docs/reference, the man pages and the modules' metadata, from the code"
	@echo "make puppet-reference  REFERENCE.md of each Puppet module; needs puppet-strings"
	@echo "make bench      the budgets, each beside its peer"
	@echo "make clean-lab  remove every lab of this checkout, and their images"

demo: prepare-demo $(VENV)/.runs
	@site=$$($(PKGCI) lab choose --site $(SITE)) && $(MAKE) --no-print-directory walk SITE="$$site"

# The demo's own steps, with a site file that names the servers which can be had here.
.PHONY: walk
walk: export PKGCI_SITE = $(SITE)
walk:
	$(PKGCI) lab up
	$(PKGCI) validate
	$(PKGCI) deploy --yes
	PKGCI=$(PKGCI) examples/lab/first-package
	$(PKGCI) status
	@echo
	@echo "The lab is a whole packaging CI now. What to look at next:"
	@echo "  export PKGCI_SITE=$(SITE)"
	@echo "  $(PKGCI) status                      # one screen: hosts, services, jobs, pipelines"
	@echo "  $(PKGCI) lab clone packaging/greet   # commit, push to refs/for/main, and watch"
	@echo "  $(PKGCI) lab ssh zuul01              # be on one of the hosts"
	@echo "  $(PKGCI) deploy --yes                # run it again: 0 changes"
	@echo "  make clean-lab                             # nothing stays behind"

test: lint unit lab-test

lint: prepare-test $(VENV)/.develops
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file mypy-hosts.ini
	git ls-files -z | xargs -0 grep -lZE '^#!.*\bpython3?\b' | grep -zvE '\.(py|epp|spec)$$' | \
	  xargs -0 $(BIN)/mypy --config-file mypy-hosts.ini --scripts-are-modules
	tests/puppet-lint.sh
	git ls-files -z | xargs -0 grep -lZE '^#!.*\b(ba)?sh\b' | xargs -0 shellcheck

unit: prepare-test $(VENV)/.develops
	$(BIN)/pytest --numprocesses auto --dist loadfile tests/unit

mutants: prepare-test $(VENV)/.develops
	$(BIN)/pip -qq install --editable '.[dev,mutants]'
	nice $(BIN)/mutmut run $(NAMES)
	$(BIN)/mutmut results
	$(BIN)/mutmut export-cicd-stats
	$(BIN)/python -m tests.mutants

lab-test: prepare-test $(VENV)/.develops
	$(BIN)/pytest --durations 20 tests/lab

# The folder is looked at before anything is prepared.
.PHONY: prove-wars
prove-wars:
	@test -n "$(WARS)" || { echo "make prove-real WARS=DIRECTORY: a folder with gerrit.war, jenkins.war and plugins/" >&2; exit 2; }
	@test -d "$(WARS)" || { echo "make prove-real: there is no folder $(WARS)" >&2; exit 2; }

prove-real: prove-wars prepare-test $(VENV)/.develops
	$(BIN)/python -m tests.prove "$(WARS)"

real-packages: prepare-test $(VENV)/.develops
	$(BIN)/python -m tests.real $(NAMES)

zuul-suite: prepare-test $(VENV)/.develops
	$(BIN)/python -m tests.zuul $(FILES)

bench: prepare-test $(VENV)/.develops
	$(BIN)/python -m tests.bench

.PHONY: manual man puppet-reference
# A unit test fails where what these two write is out of date.
manual man: $(VENV)/.runs
	$(BIN)/python -m tools.manual

puppet-reference:
	tools/puppet-reference puppet/site-modules/*/

clean-lab:
	@if [ -x $(PKGCI) ]; then for site in examples/lab/real-site.yaml $(SITE) .lab/*/site.yaml; do \
	  if [ -e "$$site" ]; then $(PKGCI) lab down --images --site "$$site" || exit; fi; done; fi
	rm -rf .lab examples/lab/real-site.yaml examples/lab/.lab examples/lab/.pkgci examples/lab/secrets examples/lab/known_hosts

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
