# Thin names for the commands of the README; nothing needs this file.
.PHONY: demo test audit lint format image ci

demo:
	uv run --locked autobot demo

test:
	uv run --locked pytest

audit:
	UV_PROJECT_ENVIRONMENT=.venv-audit uv run --locked --group audit pytest tests/audit

lint:
	uv run --locked --group lint ruff check .
	uv run --locked --group lint ruff format --check .
	uv run --locked --group lint mypy

format:
	uv run --locked --group lint ruff check --fix .
	uv run --locked --group lint ruff format .

image:
	docker build --tag autobot .

ci:
	.ci/run
