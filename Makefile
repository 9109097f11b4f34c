# On a machine with nothing but Python: `make demo` shows what ama does, `make test` proves that it works.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Exact versions, for Python 3.11 on Linux: a looser torch may pull several GB of CUDA packages.
# `make test CONSTRAINTS=` takes the newest instead.
CONSTRAINTS ?= constraints.txt
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS))

# The tests start many processes, which all would compile the package again where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage lint fuzz kill docs site clean

demo: $(VENV)/installed
	$(BIN)/ama demo --every-digit

test: $(VENV)/installed-dev lint
	$(BIN)/pytest --numprocesses 2 --dist loadfile

# The same tests, which take half as long again, and the lines that none of them runs.
coverage: $(VENV)/installed-dev
	$(BIN)/pytest --numprocesses 2 --dist loadfile --cov=ama --cov-report=term-missing:skip-covered

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check src tests benchmarks docs/extensions
	$(BIN)/ruff check src tests benchmarks docs/extensions
	$(BIN)/mypy

# Odd files and odd models: each must be read, or refused with one sentence. What fails is kept in KEEP.
# With ONLY=serve, odd requests to real servers instead.
COUNT ?= 400
KEEP ?= fuzz-failures
fuzz: $(VENV)/installed-dev
	PYTHONPATH=tests OMP_NUM_THREADS=1 $(BIN)/python -m fuzz --count $(COUNT) --keep $(KEEP) \
		$(if $(ONLY),--only $(ONLY)) $(if $(SEED),--seed $(SEED)) $(if $(RESULTS),--append-to $(RESULTS))

# SIGKILL at random moments of whatever writes files: the older file or the newer one must be there, whole.
kill: COUNT = 200
kill: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m kill --count $(COUNT) $(if $(SEED),--seed $(SEED)) \
		$(if $(RESULTS),--append-to $(RESULTS))

# With DATA=FOLDER, which holds mnist/train and so on, the page shows those data, too.
docs: $(VENV)/installed-dev
	$(BIN)/ama benchmark gallery $(if $(DATA),--data $(DATA))
	$(BIN)/jupyter execute --inplace docs/tour.ipynb

# The documentation as web pages in site/; a broken link is an error.
site: $(VENV)/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(VENV)/installed: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable '.[train,report]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(INSTALL) --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) ama-demo fuzz-failures site
