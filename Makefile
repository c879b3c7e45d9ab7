# make run opens the app, make test runs every check and test; both set up what they need in .venv first.
# make quick is for while you work, make long and make thorough for what takes longer; CONTRIBUTING.md says more.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# each worker takes whole files, whose fixtures are shared, in the order that conftest.py puts them; where one crashes,
# pytest-xdist would give its test to the next for ever
FILES := --dist loadfile --no-loadscope-reorder --max-worker-restart=0
SPREAD := -n auto $(FILES)

# what is installed is compiled as it is imported: 4,000 of 16,000 files, and pip would do them one after the other
PIP := $(BIN)/python -m pip install --quiet --no-compile
UV := $(subst $(VENV),$(VENV)-uv,$(BIN))/python -m uv
unexport PYTHONDONTWRITEBYTECODE

# where /dev/shm has room for them
export STUDIO_TESTS_IN_MEMORY ?= 1

.PHONY: run test quick long thorough night coverage lowest newest check check-deploy style types suite format clean

run: $(VENV)/.installed
	$(BIN)/python app.py

# mypy has use for one core alone, so it runs beside the tests
test: style
	$(MAKE) --no-print-directory -j 2 types suite

suite: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(SPREAD)

# what takes a fraction of a second each, in less than a minute together
QUICK := -n logical $(FILES) -m "not slow and not browser and not long"

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

# make quick and a wheel that is built, installed, trains, exports and serves with the lowest versions that
# requirements.txt allows, and with the newest Python; each in a .venv of its own, made by uv. A Python that uv neither
# finds nor may download is named: make newest NEWEST=/path/to/python3.13
LOWEST ?= 3.11
NEWEST ?= 3.13
WAY := -m "" tests/test_wheel.py \
	tests/test_model_export.py::test_an_onnx_file_agrees_with_the_studio_in_a_process_without_it

lowest: $(VENV)-uv/.installed
	$(UV) venv --quiet --clear --seed --python $(LOWEST) $(VENV)-lowest
	$(UV) pip install --quiet --python $(VENV)-lowest --resolution lowest-direct --requirement requirements.txt
	$(UV) pip install --quiet --python $(VENV)-lowest --group dev
	$(subst $(VENV),$(VENV)-lowest,$(BIN))/python -m pytest $(QUICK)
	$(subst $(VENV),$(VENV)-lowest,$(BIN))/python -m pytest $(WAY)

newest: $(VENV)-uv/.installed
	$(UV) venv --quiet --clear --seed --python $(NEWEST) $(VENV)-newest
	$(UV) pip install --quiet --python $(VENV)-newest --requirement requirements.txt --group dev
	$(subst $(VENV),$(VENV)-newest,$(BIN))/python -m pytest $(QUICK)
	$(subst $(VENV),$(VENV)-newest,$(BIN))/python -m pytest $(WAY)

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

$(VENV)-uv/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-uv
	$(subst $(VENV),$(VENV)-uv,$(BIN))/python -m pip install --quiet "pip>=25.1"
	$(subst $(VENV),$(VENV)-uv,$(BIN))/python -m pip install --quiet --group versions
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-uv $(VENV)-lowest $(VENV)-newest .coverage .pytest_cache .mypy_cache .ruff_cache
