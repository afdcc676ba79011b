# Every target makes its own environment first: a fresh machine needs Python >= 3.11 and make.
VENV ?= .venv
PYTHON ?= python3
PY := $(VENV)/bin/python
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: help install check format test test-jax test-torch test-slow demo docs clean

help:
	@echo "make demo       the quick grid: transfer against training from scratch, on simulated data"
	@echo "make test       the fast tests (under 8 minutes on two cores)"
	@echo "make test-jax   the tests of networks and generators on the JAX backend"
	@echo "make test-torch the same on PyTorch, which it installs"
	@echo "make test-slow  the slow tests"
	@echo "make check      ruff and mypy"
	@echo "make docs       the documentation, into docs/_build/html; runs its tutorials and blocks of code"

# The stamp is renewed when the dependencies change.
$(VENV)/.installed: pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet --editable '.[dev]'
	touch $@

install: $(VENV)/.installed

check: install
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: install
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

test: install
	$(PY) -m pytest -n 2 --dist worksteal

test-jax: install
	KERAS_BACKEND=jax $(PY) -m pytest tests/layers tests/training tests/estimators tests/synthesis -n 2 --dist worksteal

test-torch: install
	$(PY) -m pip install --quiet --editable '.[torch]'
	KERAS_BACKEND=torch $(PY) -m pytest tests/layers tests/training tests/estimators tests/synthesis -n 2 --dist worksteal

test-slow: install
	$(PY) -m pytest -n 2 --dist worksteal -m slow

demo: install
	$(PY) benchmarks/full_grid.py --profile quick --out results/quick

docs: install
	$(PY) -m sphinx -W --keep-going -b html docs docs/_build/html
	$(PY) -m pytest tests/test_code_blocks.py tests/test_docstrings.py -m "slow or not slow" \
		-n 2 --dist worksteal

clean:
	rm -rf $(VENV) docs/_build docs/api docs/catalogue docs/gallery docs/tutorials build dist .mypy_cache .ruff_cache .pytest_cache
