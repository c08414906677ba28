# If a ROS 2 is sourced, everything uses it; otherwise the ROS wheels from PyPI.
# For example: make demo BAG=drive.mcap TOPIC=/camera/image_raw

.DEFAULT_GOAL := help
.PHONY: help setup extras build demo test test-all coverage bench lint format docs release clean

# .venv belongs to one ROS; the stamp's name says which.
STAMP := .venv/.installed-$(or $(ROS_DISTRO),wheels)
ENV := . scripts/env.sh

help:
	@echo 'make demo     plays a drive to the node, records its outputs and measures them'
	@echo '              BAG=path TOPIC=/camera/image_raw uses your own recording,'
	@echo '              WEIGHTS=segnet_lite_outdoor, or a file, another network'
	@echo 'make test     the quick tests, a few seconds each      ARGS="-k worker" for some'
	@echo 'make test-all the slow tests too: engines, endurance and CamVid, if they are installed'
	@echo 'make coverage as test-all, with the lines and branches that no test runs'
	@echo 'make bench    speed, memory and uncertainty against a reference   ARGS="engines" for one'
	@echo '              ARGS=--quick for all of it in little'
	@echo 'make extras   OpenVINO, ONNX and other libraries that bench and some tests use'
	@echo 'make lint     style, types, imports, workflows   make format fixes what ruff can fix'
	@echo 'make docs     the site with the guides and the API reference, in build/docs'
	@echo 'make release  checks what a release needs and prints the commands; changes nothing'
	@echo 'make build    the package, with colcon           make setup only installs dependencies'
	@echo 'make clean    removes everything that these made, .venv included'
	@echo
	@echo 'To run nodes and commands directly, after make build:'
	@echo
	@echo '    . scripts/env.sh'
	@echo '    segmentation --ros-args -r image:=/camera/image_raw'
	@echo '    segnet --help'
	@echo
	@echo 'SEGNET_DOMAIN_ID=7 make demo runs the demo on a ROS domain that other programs can join.'
	@echo 'PYTHON=python3.11 chooses the interpreter of .venv.'

$(STAMP): requirements/*.txt scripts/setup.sh
	@scripts/setup.sh $@

setup: $(STAMP)

EXTRAS := $(STAMP)-extras

$(EXTRAS): $(STAMP) requirements/extras.txt
	@.venv/bin/pip install --disable-pip-version-check -r requirements/extras.txt
	@touch $@

extras: $(EXTRAS)

# Python files are linked, not copied, so that an edit needs no build. Dangling links are deleted,
# because pkgutil would still find them.
build: $(STAMP)
	@$(ENV) && colcon build --symlink-install \
		--cmake-args -DPython3_EXECUTABLE="$$VIRTUAL_ENV/bin/python3"
	@find -L install -type l -delete

demo: build
	@$(ENV) && exec scripts/isolated.py python3 -m segnet_ros.demo \
		$(if $(BAG),--bag "$(BAG)") $(if $(TOPIC),--topic "$(TOPIC)") \
		$(if $(WEIGHTS),--weights "$(WEIGHTS)") $(ARGS)

# Two processes, each with its own ROS domain. ARGS="-n 0 -s ..." runs a single one.
# Bytecode is kept: without it each of a hundred processes compiles all sources again.
PYTEST := env -u PYTHONDONTWRITEBYTECODE scripts/isolated.py python3 -m pytest -n 3 --dist loadgroup

test: build
	@$(ENV) && exec $(PYTEST) -m "not slow" $(ARGS)

test-all: build
	@$(ENV) && exec $(PYTEST) $(ARGS)

# The lines and branches of the sources that no test runs.
coverage: build
	@$(ENV) && exec $(PYTEST) \
		--cov --cov-report=term:skip-covered $(ARGS)

bench: build $(EXTRAS)
	@$(ENV) && exec python3 -m benchmarks $(ARGS)

SCHEMA := .venv/bin/check-jsonschema --quiet --builtin-schema vendor.

lint: $(STAMP)
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && \
		.venv/bin/lint-imports --no-logo && .venv/bin/codespell
	@$(SCHEMA)github-workflows .github/workflows/*.yml
	@$(SCHEMA)github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	@$(SCHEMA)citation-file-format CITATION.cff

# Strict: a broken link or anchor, or a docstring that cannot be read, fails.
docs: $(STAMP)-docs
	@.venv/bin/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs build/docs
	@echo build/docs/index.html

$(STAMP)-docs: $(STAMP) requirements/docs.txt
	@.venv/bin/pip install --disable-pip-version-check -r requirements/docs.txt
	@touch $@

release: $(STAMP)-release $(STAMP)-docs
	@.venv/bin/python scripts/release.py $(ARGS)

$(STAMP)-release: $(STAMP) requirements/release.txt
	@.venv/bin/pip install --disable-pip-version-check -r requirements/release.txt
	@touch $@

format: $(STAMP)
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

clean:
	rm -rf .venv build install log demo_out .coverage* .mypy_cache .pytest_cache .ruff_cache *.egg-info
