"""Environments of the peers: one each, made by uv in a cache folder outside of the tree and kept there."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

INSTALL_LIMIT_S: Final = 600.0


class NotInstalled(Exception):
    """Why a peer cannot be had here."""


def cache_folder() -> Path:
    """Where environments are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autobot-peers"


def interpreter(name: str, requirements: tuple[str, ...]) -> Path:
    """The Python of a peer's environment, made where it is not there yet. Raises `NotInstalled`."""
    if not requirements:
        return Path(sys.executable)
    key = hashlib.sha256("\n".join((sys.version, *requirements)).encode()).hexdigest()[:8]
    folder = cache_folder() / f"{name}-{key}"
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists():
        return python
    if shutil.which("uv") is None:
        raise NotInstalled("uv is not there")
    _run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    _run("uv", "pip", "install", "--quiet", "--python", str(python), *requirements)
    done.touch()
    return python


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
    except subprocess.CalledProcessError as error:
        lines = [line.strip(" ×╰─▶") for line in error.stderr.splitlines() if line.strip()]
        raise NotInstalled(lines[-1] if lines else "the installation failed") from error
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"the installation took more than {INSTALL_LIMIT_S:.0f} s") from error
