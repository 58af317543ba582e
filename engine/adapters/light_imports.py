"""Imports a library without the parts of it that we never use: a start is a recovery, and each costs a tenth of a second.

What is left out stands in `sys.modules` only while the library is imported; whoever asks for it afterwards gets the real one.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class LeftOut(ModuleType):
    """Stands where a module would: names may be imported from it and written into signatures, and lead nowhere."""

    def __getattr__(self, name: str) -> Any:
        """Any name that does not begin with underscores."""
        if name.startswith("__"):
            raise AttributeError(name)
        return object


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Import what follows with stand-ins for these modules, where they are not loaded already."""
    stand_ins = {name: LeftOut(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Import what follows as if these optional modules were not installed, where they are not loaded already."""
    missing = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]  # None = "there is none", says the language's reference
    try:
        yield
    finally:
        for name in missing:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]
