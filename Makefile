PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is never imported need not be compiled.
PIP := $(BIN)/pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint clean

$(BIN)/kinfold: pyproject.toml constraints.txt
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/kinfold
	@$(PIP) --editable '.[dev,bench,plots,deep,dumps,tensorboard]'
	@touch $@

demo: $(BIN)/kinfold  ## train, evaluate beside the baseline, predict three sentences, write the report
	@$(BIN)/python recipes/demo.py

# A process for each core, so one thread for each process: two would wait for one another.
test: $(VENV)/.dev  ## everything that must hold
	@PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses logical --dist worksteal

lint: $(VENV)/.dev  ## style and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary

clean:  ## remove what make made
	rm -rf $(VENV) demo
