# Everything a person, a commit hook or CI calls. PYTHON=/path/to/python names the Python to use (3.11, 3.12 or 3.13).

local = python=$$(sh infrastructure/local/find-python.sh) && exec env MAKE_PID=$$PPID "$$python" infrastructure/local/start.py
tools = .local/tools/bin
services = mlpipeline model-deployment monitoring
units = $(services:%=unit-of-%) unit-of-local
pylint = --rcfile ../pyproject.toml --recursive yes --ignore .venv
pytest = -c ../pyproject.toml --rootdir .
# The environments have been looked at once a sub-make runs.
again = $(MAKE) --no-print-directory --assume-old=environments

# Python keeps what it compiles, also where the environment says otherwise, as in many containers. There are hundreds of
# processes here, each of which would compile its libraries anew: mlflow, prefect and evidently take twice as long to import.
unexport PYTHONDONTWRITEBYTECODE
# Nor does the environment lead Python elsewhere, or change what its code means.
unexport PYTHONHOME PYTHONSAFEPATH PYTHONOPTIMIZE PYTHONWARNINGS

# What is started here does not report to the makers of its libraries.
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1
export MLFLOW_DISABLE_TELEMETRY = true
export ORT_DISABLE_TELEMETRY = 1

.PHONY: help run demo stop status postgres clean environments test lint unit deployed flows flows-of-training flows-of-monitoring faults end-to-end loop-to-its-end demo-to-its-end images containers bench fuzz pictures mutants coverage format lock audit licences hooks $(units)
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z-]*\): .*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 22

run: ## Run the whole loop on this machine, until Ctrl-C
	@$(local) run

demo: ## Three weeks in a few minutes: drift sets in, is noticed, and a new model learns from it
	@$(local) demo

stop: ## Stop it from elsewhere, and a demo too
	@$(local) stop

status: ## Say whether it runs, and where
	@$(local) status

postgres: ## Run only Postgres, for services that are started by hand, until Ctrl-C
	@$(local) postgres

# Moved away first: a stack that Ctrl-C has left half deleted could not be started.
clean: ## Stop it, and delete what it made: environments, data, runs, models, predictions, git's hooks
	@$(local) release
	@if [ -e .git ] && [ -x $(tools)/pre-commit ] && grep -qs pre-commit "$$(git rev-parse --git-path hooks/pre-commit 2>/dev/null)"; then \
		$(tools)/pre-commit uninstall --hook-type pre-commit --hook-type pre-push && echo "make hooks brings them back."; fi
	@if [ -d .local ]; then mkdir -p .local-deleted && mv .local .local-deleted/$$$$ 2>/dev/null || true; fi
	rm -rf .local-deleted .local mlpipeline/data mlpipeline/monitoring_data mlpipeline/backend.db mlpipeline/mlartifacts \
		model-deployment/model_cache model-deployment/outbox monitoring/reference_cache monitoring/page.html
	rm -rf $(services:%=%/.venv)
	find . -name .git -prune -o -type d \( -name __pycache__ -o -name .pytest_cache \) -prune -exec rm -r {} +

environments: ## Make the tools' and the services' Python environments, if they are not up to date
	@$(local) environments

# Environments of tools: `checks` looks at what is deployed, `pictures` has a browser, `mutants` changes code.
.local/%/made-from: infrastructure/%/requirements.txt
	@$(local) environments
	$(tools)/uv venv --quiet --clear --relocatable --python $(tools)/python .local/$*
	$(tools)/uv pip sync --quiet --require-hashes --python .local/$*/bin/python $<
	@touch $@

# Four at a time on two cores, the longest first, since they wait for servers much of the time. Their lines are kept whole.
parts = loop-to-its-end flows-of-training flows-of-monitoring demo-to-its-end faults lint deployed $(units)
test: environments .local/checks/made-from ## Run all checks and tests
	@$(again) -j4 $(if $(filter output-sync,$(.FEATURES)),--output-sync=line) $(parts)

lint: environments .local/checks/made-from ## Check formatting, imports, code, and that each lock file belongs to its Pipfile
	@$(tools)/black --check . && $(tools)/isort --check . || { echo "make format mends that."; exit 1; }
	@for service in $(services); do \
		echo "pylint and pipenv verify in $$service"; \
		(cd $$service && .venv/bin/pylint $(pylint) . && ../$(tools)/pipenv --quiet verify) || exit 1; \
	done
	@cd infrastructure && ../$(tools)/pylint --rcfile ../pyproject.toml --recursive yes local bench
	@cd infrastructure && ../.local/checks/bin/pylint --rcfile ../pyproject.toml --recursive yes \
		--ignored-modules playwright,PIL,coverage checks deploy mutants pictures

unit: $(units) ## Run the unit tests of each service, of the local stack and of the benchmark

$(services:%=unit-of-%): unit-of-%: environments
	cd $* && .venv/bin/python -m pytest $(pytest) tests --ignore tests/with_servers

unit-of-local: environments
	cd infrastructure/local && ../../$(tools)/python -m pytest $(pytest:../%=../../%) tests --ignore tests/end_to_end
	cd infrastructure/bench && ../../$(tools)/python -m pytest $(pytest:../%=../../%) tests

deployed: environments .local/checks/made-from ## Check what is deployed, and how: containers, manifests, Terraform, workflows
	cd infrastructure/checks && ../../.local/checks/bin/python -m pytest $(pytest:../%=../../%) tests
	cd infrastructure/deploy && ../../.local/checks/bin/python -m pytest $(pytest:../%=../../%) tests

flows: flows-of-training flows-of-monitoring ## Run the flows on real servers of MLflow, Prefect, Postgres and Dask, and disturb them

flows-of-training: environments
	cd mlpipeline && .venv/bin/python -m pytest $(pytest) tests/with_servers

flows-of-monitoring: environments
	cd monitoring && .venv/bin/python -m pytest $(pytest) tests/with_servers

faults: environments ## Run the prediction service with a real Postgres, and kill, fill, cut and stop what it needs
	cd model-deployment && .venv/bin/python -m pytest $(pytest) integration_test --ignore integration_test/test_compose.py

end-to-end: loop-to-its-end demo-to-its-end ## Run the whole loop on real servers and free ports, and stop it in every way

end_to_end = cd infrastructure/local && ../../$(tools)/python -m pytest $(pytest:../%=../../%) tests/end_to_end

loop-to-its-end: environments
	$(end_to_end) --ignore tests/end_to_end/test_demo.py

demo-to-its-end: environments
	$(end_to_end)/test_demo.py

images: ## Build the container images of the three services, with docker or podman
	infrastructure/build-images.sh

containers: environments .local/checks/made-from ## Build the images, run the whole system with compose, and try it
	cd model-deployment && .venv/bin/python -m pytest $(pytest) integration_test/test_compose.py

# The table alone is on stdout.
bench: ## Measure all that was asked for, or some parts, as ONLY="service code"; docs/figures.md
	@$(local) environments >&2
	@$(tools)/python infrastructure/bench $(ONLY)

fuzz: ## Try 10,000 requests that are made from the prediction service's description
	@$(MAKE) --no-print-directory -C model-deployment fuzz

pictures: .local/pictures/made-from ## Take the pictures of docs/pictures from what `make run` and `make demo` show (needs Chromium)
	@.local/pictures/bin/python infrastructure/pictures

mutants: environments .local/mutants/made-from ## Change the modules that decide, and count the changes that no test notices
	@.local/mutants/bin/python infrastructure/mutants

coverage: environments .local/mutants/made-from ## Measure which branches the tests that run in one process go through
	@infrastructure/mutants/coverage.sh

format: environments ## Format the code
	$(tools)/black --quiet .
	$(tools)/isort --quiet .

lock: environments ## Lock all dependencies anew, on Python 3.11, the oldest that is supported
	@$(tools)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Lock on Python 3.11: make PYTHON=python3.11 lock")'
	@for service in $(services); do (cd $$service && ../$(tools)/pipenv lock) || exit 1; done
	$(tools)/uv pip compile --quiet --universal --generate-hashes --upgrade --no-header \
		--default-index https://pypi.org/simple infrastructure/local/requirements.in -o infrastructure/local/requirements.txt
	for folder in checks pictures mutants; do $(tools)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header \
		--default-index https://pypi.org/simple infrastructure/$$folder/requirements.in -o infrastructure/$$folder/requirements.txt; done

audit: .local/checks/made-from ## Ask OSV whether anything that is locked has known vulnerabilities
	cd infrastructure/checks && ../../.local/checks/bin/python audit.py

licences: environments .local/checks/made-from ## Write docs/licences.md anew: what is shipped, under which licence
	cd infrastructure/checks && ../../.local/checks/bin/python licences.py

hooks: environments ## Have git look at what is committed, and run `make lint` before a push
	$(tools)/pre-commit install
