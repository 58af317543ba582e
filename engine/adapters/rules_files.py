"""A contract's rules from recorded answers of the exchange, or, where none are at hand, inferred from its prices.

A file holds an exchangeInfo, a leverage table, or both (`rules.json` of `autobot download`). A contract's grid changes over
the years: where recorded prices are finer than the rules' tick, the prices are right.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import floor, log10
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_rules import ExchangeInfo, SymbolBrackets, brackets_of, rules_of
from engine.adapters.history_tables import BadFile, Floats
from engine.model.grid import FLOAT_NOISE
from engine.model.market import Bracket, SymbolRules

RULES_FILE: Final = "rules.json"
FOUND_BESIDE: Final = (RULES_FILE, "*exchangeInfo*.json")
BRACKETS_BESIDE: Final = "*leverageBracket*.json"
FIRST_BARS: Final = 1_000  # that rules are inferred from: of later ones nobody knew when the first trades were made
ON_GRID_SHARE: Final = 0.999
ENOUGH_PRICES: Final = 30  # different ones; fewer may lie on a coarser grid than theirs by chance
COARSEST: Final = (1 / 10_000, 1 / 100)  # a tick of the price, by whether there are enough
TICKS: Final = tuple(
    Decimal(digit).scaleb(exponent) for exponent in range(3, -11, -1) for digit in (5, 2, 1)
)  # the coarsest first
FREE_TICK: Final = FLOAT_NOISE  # of the price, where prices lie on no grid at all
FINEST_EXPONENT: Final = -10  # of a tick: ticks times lots have to fit whole numbers of 64 bits
PRICES: Final = (1e-8, 1e9)  # of contracts; beyond them it is something else than a price
INFERRED_BRACKETS: Final = (Bracket(notional_cap=1e12, max_leverage=50, maintenance_rate=0.01, maintenance_amount=0),)
INFERRED_MIN_NOTIONAL: Final = Decimal(5)
MOST_WORTH: Final = 100_000_000  # of one order


class RulesFile(msgspec.Struct, rename="camel"):
    """What a file of ours holds: the answers of the exchange, of the symbols that were downloaded."""

    exchange_info: ExchangeInfo | None = None
    leverage_bracket: tuple[SymbolBrackets, ...] = ()


class RulesRecord(NamedTuple):
    """Recorded rules. Without `has_brackets` a careful leverage table holds."""

    file: Path
    info: ExchangeInfo
    brackets: dict[str, tuple[Bracket, ...]]

    def rules(self, symbol: str) -> SymbolRules:
        """Raises `LookupError` in one line where the record does not have this contract, or no usable rules of it, and
        `BadFile` where their numbers are none.
        """
        try:
            return rules_of(self.info, symbol, self.brackets)
        except BadMessage as error:
            raise BadFile(f"{self.file}: {symbol} has rules with {error}") from None


def read_rules(file: Path) -> RulesRecord:
    """Read recorded rules; a leverage table may lie in a file beside. Raises `BadFile`."""
    content = _content(file)
    info, rows = content.exchange_info, content.leverage_bracket
    if info is None:
        raise BadFile(f"{file}: no exchangeInfo in it")
    if not rows:
        beside = sorted(file.parent.glob(BRACKETS_BESIDE))
        rows = _content(beside[0]).leverage_bracket if beside else ()
    return RulesRecord(file, info, brackets_of(rows))


def rules_beside(folder: Path) -> Path | None:
    """The file of rules in a folder, if there is one."""
    return next((file for pattern in FOUND_BESIDE for file in sorted(folder.glob(pattern))), None)


def inferred_rules(symbol: str, prices: Sequence[Floats]) -> SymbolRules:
    """Rules as the prices of the first bars let suspect them: the grid from the prices, the lot from their size, the rest
    ordinary. Whatever comes after these bars gives the same.

    Raises `BadFile` where these are no prices of a contract.
    """
    sample = _first_prices(prices)
    median = float(np.median(sample))
    if not PRICES[0] <= median <= PRICES[1]:
        raise BadFile(f"{symbol}: prices around {median:g} are not those of a contract ({PRICES[0]:g} to {PRICES[1]:g})")
    step = Decimal(10) ** min(0, floor(log10(1 / median)))
    free_tick = Decimal(10) ** max(FINEST_EXPONENT, floor(log10(median * FREE_TICK)))
    return SymbolRules(
        symbol=symbol,
        tick_size=_coarsest_tick(sample) or free_tick,
        step_size=step,
        min_quantity=step,
        max_market_quantity=step * floor(MOST_WORTH / median / float(step)),
        min_notional=INFERRED_MIN_NOTIONAL,
        is_trading=True,
        brackets=INFERRED_BRACKETS,
    )


def fitting_rules(rules: SymbolRules, prices: Sequence[Floats]) -> SymbolRules:
    """The same rules, with a finer tick where the recorded prices of the first bars need one."""
    sample = _first_prices(prices)
    if _share_on_grid(sample, rules.tick_size) >= ON_GRID_SHARE:
        return rules
    finer = _coarsest_tick(sample)
    return replace(rules, tick_size=finer) if finer is not None and finer < rules.tick_size else rules


def _content(file: Path) -> RulesFile:
    try:
        text = file.read_bytes()
    except OSError as error:
        raise BadFile(f"{file}: {error.strerror or 'not readable'}") from None
    try:
        if text.lstrip()[:1] == b"[":
            return RulesFile(leverage_bracket=msgspec.json.decode(text, type=tuple[SymbolBrackets, ...]))
        content = msgspec.json.decode(text, type=RulesFile)
        if content.exchange_info is None and b'"symbols"' in text:
            content.exchange_info = msgspec.json.decode(text, type=ExchangeInfo)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadFile(f"{file}: these are no rules of the exchange ({str(error).splitlines()[0][:120]})") from None
    return content


def _first_prices(prices: Sequence[Floats]) -> Floats:
    sample: Floats = np.unique(np.concatenate([column[:FIRST_BARS] for column in prices]))
    return sample


def _coarsest_tick(sample: Floats) -> Decimal | None:
    most = float(np.median(sample)) * COARSEST[len(sample) >= ENOUGH_PRICES] * (1 + FLOAT_NOISE)
    return next((tick for tick in TICKS if tick <= most and _share_on_grid(sample, tick) >= ON_GRID_SHARE), None)


def _share_on_grid(sample: Floats, tick: Decimal) -> float:
    """The share of prices that are whole ticks. One of less than a tick is none, however little it is."""
    ticks = sample / float(tick)
    return float(np.mean((ticks > 0.5) & (np.abs(ticks - np.rint(ticks)) <= np.maximum(ticks, 1.0) * FLOAT_NOISE)))
