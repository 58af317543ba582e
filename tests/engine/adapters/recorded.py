"""Recorded exchange messages for the adapters' tests. They lie beside the repository; where they do not, tests skip."""

import json
from pathlib import Path
from typing import Any

import pytest

PAYLOADS = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "payloads"


def payload(name: str) -> bytes:
    """One recorded file."""
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip(f"the recorded messages are not here: {name}")
    return path.read_bytes()


def lines(name: str) -> list[bytes]:
    """A recorded file's messages."""
    return [line for line in payload(name).splitlines() if line.strip()]


def market_frames(name: str) -> list[bytes]:
    """A recorded file's frames of a combined stream, as they came over the wire."""
    return [json.dumps(json.loads(line)["msg"]).encode() for line in lines(name)]


def rest_answers(name: str, path: str) -> list[Any]:
    """A recorded file's answers to requests of one path."""
    rows = [json.loads(line) for line in lines(name)]
    return [row["response"] for row in rows if row.get("request", row)["path"] == path]
