# make run opens the app, make test runs every check and test; both set up what they need in .venv first.
# make quick is for while you work, make long and make thorough for what takes longer; CONTRIBUTING.md says more.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# each worker takes whole files, whose fixtures are shared, in the order that conftest.py puts them
SPREAD := -n auto --dist loadfile --no-loadscope-reorder

# what is installed is compiled as it is imported: 4,000 of 16,000 files, and pip would do them one after the other
PIP := $(BIN)/python -m pip install --quiet --no-compile
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test quick long thorough night coverage lowest newest check check-deploy style types suite format clean

run: $(VENV)/.installed
	$(BIN)/python app.py

# mypy has use for one core alone, so it runs beside the tests
test: style
	$(MAKE) --no-print-directory -j 2 types suite

suite: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(SPREAD)

# what takes a fraction of a second each, in about a minute together
QUICK := -n logical --dist loadfile -m "not slow and not browser and not long"

quick: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(QUICK)

# further cases of what make test tries a few of; .ci/run does both
long: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(SPREAD) -o faulthandler_timeout=1800 -m "long and not sweep"

# every case, with the sweeps
thorough: check
	$(BIN)/python -m pytest $(SPREAD) -o faulthandler_timeout=1800 -m ""

# a hundred times as many mutated inputs, others each time, and the long made-up requests: for a night
night: $(VENV)/.installed-dev
	STUDIO_MUTATIONS=100 $(BIN)/python -m pytest $(SPREAD) -o faulthandler_timeout=0 -m "" tests/test_mutated.py tests/ui/test_page_routes.py \
		tests/upkeep/test_write_points.py tests/service/serving/test_described.py tests/model/test_onnx_import.py

coverage: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(SPREAD) --cov

# make quick with the lowest versions that requirements.txt allows, and with the newest Python; each in a .venv of its
# own, made by uv
lowest: $(VENV)/.installed-dev
	$(PIP) --group versions
	$(BIN)/python -m uv venv --quiet --clear --python 3.11 $(VENV)-lowest
	$(BIN)/python -m uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct --requirement requirements.txt
	$(BIN)/python -m uv pip install --quiet --python $(VENV)-lowest --group dev
	$(subst $(VENV),$(VENV)-lowest,$(BIN))/python -m pytest $(QUICK)

newest: $(VENV)/.installed-dev
	$(PIP) --group versions
	$(BIN)/python -m uv venv --quiet --clear --python 3.13 $(VENV)-newest
	$(BIN)/python -m uv pip install --quiet --python $(VENV)-newest --requirement requirements.txt --group dev
	$(subst $(VENV),$(VENV)-newest,$(BIN))/python -m pytest $(QUICK)

check: style types

# by whatever of nginx, promtool, hadolint, kubectl ... is installed
check-deploy: $(VENV)/.installed
	$(BIN)/python deploy/check.py

style: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy resnet_studio

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade "pip>=25.1"
	$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(PIP) --group dev
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest .coverage .pytest_cache .mypy_cache .ruff_cache
