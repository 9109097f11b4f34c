# On a machine with nothing but Python: `make demo` shows what ama does, `make test` proves that it works.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Exact versions: a looser torch may pull several GB of CUDA packages.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint docs clean

demo: $(VENV)/installed
	$(BIN)/ama demo --every-digit

test: $(VENV)/installed-dev lint
	$(BIN)/pytest --numprocesses 2

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/mypy

# With DATA=FOLDER, which holds mnist/train and so on, the page shows those data, too.
docs: $(VENV)/installed-dev
	$(BIN)/ama benchmark gallery $(if $(DATA),--data $(DATA))
	$(BIN)/jupyter execute --inplace --NotebookClient.record_timing=False docs/tour.ipynb

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(INSTALL) --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) ama-demo
