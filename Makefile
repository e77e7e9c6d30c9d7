# Each target first builds .venv from the lock if it is missing or stale. To change Python: rm -r .venv, then
# make test PYTHON=python3.12
PYTHON ?= python3
RUN ?= notebooks/params/zone.yml
WORKERS ?= 1
# Processes that share the tests, whole files and whole notebooks each; 0 runs them in one.
TESTERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The pages of a run, and the tour; a notebook of somebody's own is nobody's but his.
NOTEBOOKS := $(sort $(wildcard notebooks/[0-9]*.ipynb)) notebooks/tour.ipynb
PYTEST := $(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help report test lab bench bench-scale spark lock lint check notebooks

help:  ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

report: $(STAMP)  ## Make the pages of a run (RUN=notebooks/params/zone.yml, WORKERS=1)
	@$(BIN)/wuli run $(RUN) --workers $(WORKERS)

test: lint  ## Lint, then all tests and the notebooks against their stored results
	@$(PYTEST) --nbval-lax tests $(NOTEBOOKS)

lint: $(STAMP)  ## Check the code's style
	@$(BIN)/ruff check

check: $(STAMP)  ## Check a folder of files (DIR=folder)
	@test -n "$(DIR)" || { echo "say which folder: make check DIR=folder" >&2; exit 2; }
	@$(BIN)/wuli check "$(DIR)"

lab: $(STAMP)  ## Open the notebooks in JupyterLab, at the tour
	@$(BIN)/jupyter lab notebooks/tour.ipynb

# Execution writes the kernel's own version into the metadata, which would show as a change under another Python.
KERNEL_KEYS := $(addprefix metadata.language_info.,version codemirror_mode file_extension mimetype nbconvert_exporter pygments_lexer)
# In an empty output folder: data prepared before may be of another seed or size than the notebooks' defaults.
notebooks: $(STAMP)  ## Run all notebooks in place and keep their results alone
	@WULI_OUTPUT=$$(mktemp -d); export WULI_OUTPUT; trap 'rm -rf "$$WULI_OUTPUT"' EXIT; \
	  $(BIN)/jupyter nbconvert --to notebook --execute --inplace --log-level=WARN \
	    --KernelManager.transport=ipc --KernelManager.ip="$$WULI_OUTPUT/kernel" $(NOTEBOOKS); status=$$?; \
	  $(BIN)/nbstripout --keep-count --keep-id --extra-keys "$(KERNEL_KEYS)" $(NOTEBOOKS); exit $$status

bench: $(STAMP)  ## Measure time and memory of every stage
	@$(BIN)/python -m benchmarks

bench-scale: $(STAMP)  ## Measure up to 10,000,000 firms against SQL, Polars, pandas and Spark (SCALE="--quick")
	@$(BIN)/python -m benchmarks.scale $(SCALE)

spark: $(STAMP)  ## Install pyspark (about 450 MB; needs Java 17 or later) for --engine spark and its tests
	@# Its wheel is made here, of jars that are compressed already: to do it again would take as long as all the rest.
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[spark]' \
	  --config-settings-package 'pyspark:--build-option=--compression=stored'

lock: $(STAMP)  ## Write requirements.txt anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra dev --extra bench \
	  --no-annotate --no-header --quiet --upgrade --output-file requirements.txt.new
	@echo "-e ." >> requirements.txt.new
	@mv requirements.txt.new requirements.txt

# uv takes half of pip's time. Pip's settings may name a mirror, which uv does not look up, and it is pip where uv fails.
# Compiled, as by pip: otherwise each process would compile anew on a machine that keeps no bytecode.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else "Python 3.11, 3.12 or 3.13 is needed, $(PYTHON) is %d.%d: name another, e.g. make PYTHON=python3.12" % v[:2])'
	@echo "building $(VENV) from requirements.txt (a few minutes the first time)" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "cannot make $(VENV): on Debian, apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet "$$(grep '^uv==' requirements.txt)"
	@index=$$($(BIN)/python -m pip config list | sed -n "s/.*\.index-url='\(.*\)'$$/\1/p" | tail -n 1); \
	  $${index:+env UV_DEFAULT_INDEX="$$index"} $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python \
	    --requirement requirements.txt || $(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $(STAMP)
