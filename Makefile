# Two commands: `make run` (everything on demo data) and `make test` (what must hold).
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
LINTED := data/lint/warehouse.duckdb

.PHONY: run test verify check lint docs benchmark clean

run: $(INSTALLED)
	$(BIN)/python -m scripts run

test: $(INSTALLED) check
	$(BIN)/python -m scripts setup --seeds seeds/business
	$(BIN)/python -m pytest tests -m "not verify" -q -n 2 --dist loadfile --no-loadscope-reorder

verify: $(INSTALLED) lint
	$(BIN)/python -m scripts setup --seeds seeds/business
	$(BIN)/python -m pytest tests -m verify -q -n 2 --dist loadfile --no-loadscope-reorder

check: $(INSTALLED)
	$(BIN)/ruff check scripts tests
	$(BIN)/mypy scripts

# The style of the SQL as dbt compiles it, on an empty warehouse: takes as long as all tests and can make no result wrong.
lint: $(INSTALLED) check
	$(BIN)/python -m scripts setup --seeds seeds/business
	mkdir -p $(dir $(LINTED))
	rm -f $(LINTED)
	SEGMENTATION_WAREHOUSE=$(LINTED) $(BIN)/dbt build --quiet --resource-type seed --resource-type model
	SEGMENTATION_WAREHOUSE=$(LINTED) $(BIN)/sqlfluff lint --processes 2 models tests/dbt analyses

# The catalogues in docs/, from YAML, seeds and the command line.
docs: $(INSTALLED)
	$(BIN)/python -m tests.support.catalogues

benchmark: $(INSTALLED)
	$(BIN)/python -m scripts benchmark --warehouse data/benchmark/warehouse.duckdb

clean:
	rm -rf data target logs dbt_packages package-lock.yml .venv

$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.11 run")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@
