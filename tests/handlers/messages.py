"""Every message that the conversation can say, read from its source: what a translator would be given."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "handlers"
SINGULAR: Final = ("say", "label", "marked")
PLURAL: Final = "plural"

type Message = str | tuple[str, str]


def messages() -> dict[Message, str]:
    """All messages with where the first of their kind stands; a plural one is a pair."""
    found: dict[Message, str] = {}
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                for message in _said(node):
                    found.setdefault(message, f"{path.relative_to(FOLDER.parent)}:{node.lineno}")
    return found


def placeholders(text: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _said(call: ast.Call) -> Iterator[Message]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
    words = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if name in SINGULAR and words and call.args[0] is _first_constant(call):
        yield words[0]
    elif name == PLURAL and len(words) == 2:
        yield words[0], words[1]


def _first_constant(call: ast.Call) -> ast.expr | None:
    return next((arg for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)), None)
