# Mengding. `make help` lists what there is. Everything real is in scripts/bootstrap.py and the
# `mengding` command; this file only names it.
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv/bin
BOOT := $(PYTHON) scripts/bootstrap.py
UV_LOCK := $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help run test check fmt lock bench faults screens check-boston check-indicators clean

help: ## 列出目标 list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo '  options: PORT=8123  MENGDING_DATA=/path  DATABASE_URL=postgresql://…  PYTHON=python3.12'

run: ## 启动一切 environment, database, demo district, server
	@exec $(BOOT) run --host $(HOST) --port $(PORT) $(ARGS)

test: ## 全部检查与测试 everything a contributor needs: lint, types, tests (ARGS=… to pytest)
	@exec $(BOOT) --dev test $(ARGS)

fmt: ## 整理格式 format the code
	@$(BOOT) --dev exec ruff format .
	@$(BOOT) --dev exec ruff check --fix .

bench: ## 性能测量 measure, results in build/bench/
	@exec $(BOOT) --dev exec python -m bench $(ARGS)

faults: ## N=10000 故障演练 faults between field app and server; nothing lost, nothing doubled
	@exec $(BOOT) --dev exec python -m bench.faults --n $(or $(N),10000) $(ARGS)

screens: ## 界面截图 pictures of every page into build/screens/ (with `make run` in another terminal)
	@exec $(BOOT) --dev exec python web/screens.py --base http://$(HOST):$(PORT)

check-boston: ## FILE=… 波士顿数据核对 import the Boston archive and compare every count
	@test -n "$(FILE)" || { echo 'make check-boston FILE=path/to/311.csv'; exit 2; }
	@exec $(BOOT) exec mengding check boston "$(FILE)"

check-indicators: ## FILE=… 指标核对 rebuild the numbers and compare each (without FILE: a made-up sample)
	@exec $(BOOT) exec mengding check indicators "$(or $(FILE),sample)"

lock: ## 重新锁定依赖 resolve and pin the dependencies again
	@$(BOOT) --dev exec true
	@$(UV_LOCK) --no-deps requirements/postgres.in -o requirements/postgres.txt
	@for name in base s3 dev; do \
		$(UV_LOCK) requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean: ## 删除环境与缓存（保留数据）remove environment and caches; the state folder stays
	rm -rf .venv build web/dist web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
