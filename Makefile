# Two commands: `make run` (everything, on demo data) and `make test` (all tests). `make install` prepares for own data.
PYTHON ?= python3
# `make test DBT=1.12` and so on: with the newer dbt, in a separate environment.
DBT ?= 1.11
$(if $(filter 1.11 1.12,$(DBT)),,$(error DBT=$(DBT): write 1.11 or 1.12))
ENVIRONMENT := $(if $(filter 1.12,$(DBT)),.venv-dbt-1.12,.venv)
BIN := $(ENVIRONMENT)/bin
INSTALLED := $(ENVIRONMENT)/.installed
LINTED := data/lint/warehouse.duckdb

.PHONY: install run test test-spark verify check lint docs benchmark clean dbt-1.12 java

# What one's own data need: the environment and the dbt packages, without the demo.
install: $(INSTALLED)
	$(BIN)/python -m scripts setup --seeds seeds/business

run: $(INSTALLED)
	$(BIN)/python -m scripts run

test: $(INSTALLED) check
	$(BIN)/python -m scripts setup --seeds seeds/business
	$(BIN)/python -m pytest tests -m "not verify and not spark" -q -n 2 --dist loadfile --no-loadscope-reorder

# The same models on a Spark cluster on this machine, compared with DuckDB; writes data/spark/report.md.
test-spark: .venv-spark/.installed java
	.venv-spark/bin/python -m scripts setup --seeds seeds/business
	.venv-spark/bin/python -m pytest tests/spark -m spark -q -s

verify: $(INSTALLED) dbt-1.12 lint
	$(BIN)/python -m scripts setup --seeds seeds/business
	$(BIN)/python -m pytest tests -m verify -q -n 2 --dist loadfile --no-loadscope-reorder

check: $(INSTALLED)
	$(BIN)/ruff check scripts tests
	$(BIN)/mypy scripts

# The style of the SQL as dbt compiles it, on an empty warehouse: takes as long as all tests, and style affects no result.
lint: $(INSTALLED) check
	$(BIN)/python -m scripts setup --seeds seeds/business
	mkdir -p $(dir $(LINTED))
	rm -f $(LINTED)
	SEGMENTATION_WAREHOUSE=$(LINTED) $(BIN)/dbt build --quiet --resource-type seed --resource-type model
	SEGMENTATION_WAREHOUSE=$(LINTED) $(BIN)/sqlfluff lint --processes 2 models tests/dbt analyses

dbt-1.12: .venv-dbt-1.12/.installed

# Spark runs on Java; nothing else here does.
java:
	@command -v java > /dev/null || { \
		echo "java is not installed; installing Debian's openjdk-17-jre-headless"; \
		apt-get update --quiet && apt-get install --yes --no-install-recommends openjdk-17-jre-headless; \
	} || { echo "error: java: could not be installed; install a Java 17 or 21 runtime, then run make test-spark again" >&2; exit 1; }

# The catalogues in docs/, from YAML, seeds and the command line.
docs: $(INSTALLED)
	$(BIN)/python -m tests.support.catalogues

benchmark: $(INSTALLED)
	$(BIN)/python -m scripts benchmark --warehouse data/benchmark/warehouse.duckdb

clean:
	rm -rf data target logs dbt_packages package-lock.yml .venv .venv-dbt-1.12 .venv-spark

.venv/.installed .venv-dbt-1.12/.installed .venv-spark/.installed: %/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.11 run")'
	$(PYTHON) -m venv $*
	$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(if $(findstring 1.12,$*),$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-dbt-1.12.lock)
	$(if $(findstring spark,$*),$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-spark.lock)
	@touch $@

.venv-dbt-1.12/.installed: requirements-dbt-1.12.lock
.venv-spark/.installed: requirements-spark.lock
