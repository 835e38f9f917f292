# Two commands do everything on a machine with Python 3.11 or later and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: demo test lint verify bench clean

demo: $(INSTALLED)
	$(BIN)/autograder grade examples/submissions --out results

test: lint verify
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/autograder build --check
	$(BIN)/autograder lint

verify: $(INSTALLED)
	$(BIN)/autograder verify --cold

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv results

# Runs again only when the dependencies change.
$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
