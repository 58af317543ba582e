"""How much memory and processor an idle `autobot run` takes: paper mode, one symbol, prices from the sandbox on this machine.

    uv run --locked python benchmarks/footprint.py --seconds 60

Linux only (it reads /proc). The store that the bot runs as its child is counted, and shown apart.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

ORIGINAL: Final = ("the original, as its owner measured it", 195.0, 1.5)
START_LIMIT_S: Final = 90.0
STOP_LIMIT_S: Final = 20.0
SETTLE_S: Final = 10.0  # after the start: caches are filled, the first comparison is over
SAMPLE_S: Final = 1.0
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 1_048_576
INHERITED: Final = ("PATH", "HOME", "TMPDIR", "LANG")
HERE: Final = Path(__file__).resolve().parent.parent


class Use(NamedTuple):
    """What a process took. `cpu` in percent of one core."""

    name: str
    rss_mb: float
    peak_mb: float
    cpu: float


def main() -> int:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder, _sandbox(options.speed, options.interval) as roots:
        port = _free_port()
        with _product(Path(folder), roots, port) as product:
            ready_s = _wait_until_ready(product, port)
            time.sleep(SETTLE_S)
            uses = _measured(product.pid, options.seconds)
            cards = _health(port)
    print(f"ready after {ready_s:.1f} s; measured for {options.seconds:.0f} s at speed {options.speed:g}; {_facts(cards)}\n")
    print(f"{'':42}{'RSS':>10}{'peak':>10}{'CPU':>9}")
    for use in uses:
        print(f"{use.name:42}{use.rss_mb:7.1f} MB{use.peak_mb:7.1f} MB{use.cpu:7.2f} %")
    whole = Use("all of it", sum(u.rss_mb for u in uses), sum(u.peak_mb for u in uses), sum(u.cpu for u in uses))
    print(f"{whole.name:42}{whole.rss_mb:7.1f} MB{whole.peak_mb:7.1f} MB{whole.cpu:7.2f} %")
    name, rss, cpu = ORIGINAL
    print(f"{name:42}{rss:7.1f} MB{'':10}{cpu:7.2f} %")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure")
    parser.add_argument("--speed", type=float, default=1.0, help="market seconds per second")
    parser.add_argument("--interval", default="1h", help="length of a bar")
    return parser.parse_args()


@contextmanager
def _sandbox(speed: float, interval: str) -> Iterator[dict[str, str]]:
    """An exchange and a Bot API on loopback; gives the product's variables for them."""
    command = [sys.executable, "-m", "bot", "sandbox", "--port", "0", "--speed", f"{speed:g}", "--interval", interval]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"the sandbox did not start (exit code {process.wait()})")
            yield json.loads(line)
        finally:
            _end(process)


@contextmanager
def _product(folder: Path, roots: Mapping[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    settings = {name: value for name, value in roots.items() if name.isupper() and not name.startswith("BINANCE_API")}
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    settings |= {"MODE": "paper", "DATA_FOLDER": str(folder / "data"), "HEALTH_PORT": str(port), "PYTHONPATH": str(HERE)}
    log = folder / "product.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=folder, env=inherited | settings, stdout=output, stderr=output
        )
    try:
        yield process
    except BaseException:
        sys.stderr.write(log.read_text(errors="replace")[-4_000:])
        raise
    finally:
        _end(process)


def _wait_until_ready(product: subprocess.Popen[bytes], port: int) -> float:
    began = time.monotonic()
    while time.monotonic() - began < START_LIMIT_S:
        if product.poll() is not None:
            raise SystemExit(f"the product ended with code {product.returncode} while starting")
        if _health(port).get("ready"):
            return time.monotonic() - began
        time.sleep(0.1)
    raise SystemExit(f"the product was not ready after {START_LIMIT_S:.0f} s: {_health(port)}")


def _health(port: int) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        answer = json.loads(connection.getresponse().read())
        return answer if isinstance(answer, dict) else {}
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()


def _measured(pid: int, seconds: float) -> list[Use]:
    """Sample a process and its children; a child that comes or goes meanwhile is left out."""
    pids = (pid, *_children(pid))
    ticks, began = {one: _ticks(one) for one in pids}, time.monotonic()
    samples: dict[int, list[float]] = {one: [] for one in pids}
    while time.monotonic() - began < seconds:
        time.sleep(SAMPLE_S)
        for one in pids:
            samples[one].append(_rss_mb(one))
    passed = time.monotonic() - began
    return [
        Use(_name(one), samples[one][-1], max(samples[one]), (_ticks(one) - ticks[one]) / TICKS_PER_S / passed * 100)
        for one in pids
    ]


def _children(pid: int) -> tuple[int, ...]:
    own: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        own += [int(child) for child in (task / "children").read_text().split()]
    return tuple(own)


def _ticks(pid: int) -> int:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(parts[11]) + int(parts[12])


def _rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB


def _name(pid: int) -> str:
    name = Path(f"/proc/{pid}/comm").read_text().strip()
    return "autobot run" if name.startswith(("python", "autobot")) else name


def _facts(health: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {health[name]}" for name in ("phase", "ready", "settled") if name in health)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
