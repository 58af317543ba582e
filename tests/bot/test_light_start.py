"""A start is a recovery: what the first word to the exchange does not need is imported after it, or beside it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "aiogram",
    "apscheduler",
    "aiohttp.web",
    "babel",
    "Crypto",
    "dateparser",
    "numba",
    "numpy",
    "pandas",
    "prometheus_client",
    "redis",
    "requests",
    "rich",
    "typer",
)
COUNTING = ("numba", "pandas", "pyarrow", "matplotlib", "optuna", "scipy")
TO_BE_GUARDED = tuple(name for name in HEAVY if name not in ("numpy", "redis"))


def heavy_after(*imports: str) -> set[str]:
    """What of the heavy ones a new interpreter has loaded after these imports."""
    code = f"import sys\nfor name in {imports!r}: __import__(name)\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def test_nothing_heavy_stands_before_the_first_word_to_the_exchange() -> None:
    assert heavy_after("bot.cli", "bot.settings", "bot.process") == set()


def test_positions_are_guarded_before_what_only_the_chat_the_clockwork_or_the_page_need() -> None:
    late = heavy_after("bot.process", "bot.living", "engine.adapters.binance_broker", "engine.adapters.binance_feed")

    assert late & set(TO_BE_GUARDED) == set()


def test_what_was_left_out_of_a_library_is_there_for_everybody_else() -> None:
    code = "import bot.process, requests, dateparser; print(requests.Session.__name__, dateparser.parse('1 May 2024').year)"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["Session", "2024"]


def test_what_counts_and_draws_never_comes_into_the_process_that_trades() -> None:
    everything = (
        "bot.telegram",
        "bot.past_desk",
        "bot.workshop",
        "bot.shadow",
        "bot.shadow_trader",
        "handlers.ui.backtest_cards",
    )
    code = f"import sys\nfor name in {everything!r}: __import__(name)\nprint(*(set({COUNTING!r}) & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == []


def test_the_reference_library_is_loaded_for_an_audit_only() -> None:
    walking = ("bot.backtesting", "bot.backtest_audit", "bot.backtest_screen", "bot.backtest_books", "handlers.ui.audit_words")
    code = (
        f"import sys\nfor name in {walking!r}: __import__(name)\n"
        "print(*({'pandas', 'pandas_ta'} & set(sys.modules)))\n"
        "import engine.backtest.audit.indicators\nprint(*sorted({'pandas', 'pandas_ta'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines() == ["", "pandas pandas_ta"]
