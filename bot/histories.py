"""Files on disk become what a backtest is given: histories of one interval over one time, and what was wrong with them.

Nothing is silently used or left out: every line of `told` is for the person at the command. What cannot be used at all is
`BadHistory`, one clear line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from bot.ground import Ground
from bot.history_faults import counted, fault_lines, period, used_line
from engine.adapters.candle_files import Bars, moment, name_of, read_bars, shared_run
from engine.adapters.funding_files import read_funding, symbol_of
from engine.adapters.history_tables import BadFile
from engine.adapters.rules_files import (
    FIRST_BARS,
    RulesRecord,
    fitting_rules,
    inferred_rules,
    read_rules,
    rules_beside,
)
from engine.backtest.bars import on_grid
from engine.backtest.funding_record import completed_funding
from engine.backtest.history import Candles, Floats, Funding, SymbolHistory, assumed_funding
from engine.model.market import INTERVAL_MS, SymbolRules

FUNDING_FOLDERS: Final = (".", "../funding")
MOST_ROUNDING: Final = 0.005  # of a price, to its tick: beyond it the tick is that of another time
LEAST_TOLD: Final = 1e-6


class BadHistory(ValueError):
    """There is no history to run over; the text is one line."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Histories that share interval and time, in the order in which their symbols were named, and what has to be told."""

    histories: tuple[SymbolHistory, ...]
    told: list[str]


class Source(NamedTuple):
    """The files of one symbol."""

    symbol: str
    interval: str
    files: tuple[Path, ...]


def histories_of(ground: Ground) -> Loaded:
    """Read what a command walks. Raises `BadHistory`."""
    return load_histories(
        ground.candles,
        interval=ground.interval,
        begin_ms=ground.begin_ms,
        end_ms=ground.end_ms,
        warmup_bars=ground.simulation.warmup_bars,
        rules=ground.rules,
        funding=ground.funding,
    )


def load_histories(
    files: Sequence[Path],
    *,
    interval: str | None,
    begin_ms: int | None,
    end_ms: int | None,
    warmup_bars: int,
    rules: Path | None,
    funding: Sequence[Path],
) -> Loaded:
    """Read candles and what belongs to them. `begin_ms` is when entries may begin: the warm-up lies before it.

    Several files of one symbol are joined. Without `rules` and `funding` they are looked for beside the candles; funding
    may also stand among the candles, as `folder/*.parquet` puts it there. Raises `BadHistory`.
    """
    told = list[str]()
    funding = [*funding, *(file for file in files if symbol_of(file))]
    files = [file for file in files if not symbol_of(file)]
    try:
        sources = _sources(files, interval or "")
        step = INTERVAL_MS[sources[0].interval]
        first_ms = None if begin_ms is None else (-(-begin_ms // step) - warmup_bars) * step
        read = [_read(source, first_ms, end_ms, told) for source in sources]
        used = _shared_run(read)
        for bars, cut in zip(read, used, strict=True):
            if len(cut) < len(bars):
                told.append(used_line(bars, cut))
            _check_length(cut, begin_ms, warmup_bars, told)
        given_rules = read_rules(rules) if rules is not None else None
        histories = tuple(
            _history(source, bars, given_rules, funding, told) for source, bars in zip(sources, used, strict=True)
        )
    except BadFile as error:
        raise BadHistory(str(error)) from None
    return Loaded(histories, told)


def _sources(files: Sequence[Path], interval: str) -> list[Source]:
    if not files:
        raise BadHistory("no candle files were named")
    found = dict[str, Source]()
    for file in files:
        symbol, named = name_of(file, interval=interval)
        before = found.get(symbol, Source(symbol, named, ()))
        found[symbol] = before._replace(files=(*before.files, file))
        intervals = sorted({named, *(one.interval for one in found.values())}, key=INTERVAL_MS.__getitem__)
        if len(intervals) > 1:
            raise BadHistory(f"{file}: all candles of a run share one interval, these have {' and '.join(intervals)}")
    return list(found.values())


def _read(source: Source, first_ms: int | None, end_ms: int | None, told: list[str]) -> Bars:
    bars = read_bars(source.files, symbol=source.symbol, interval=source.interval, begin_ms=first_ms, end_ms=end_ms)
    told.extend(fault_lines(bars))
    return bars


def _shared_run(read: Sequence[Bars]) -> Sequence[Bars]:
    """The longest stretch without a hole in any of them."""
    used = shared_run(read)
    if not used:
        spans = ", ".join(f"{bars.symbol} {period(bars)}" for bars in read)
        raise BadHistory(f"the candles share no time: {spans}")
    return used


def _check_length(bars: Bars, begin_ms: int | None, warmup_bars: int, told: list[str]) -> None:
    if len(bars) <= warmup_bars:
        raise BadHistory(
            f"{bars.symbol} {bars.interval}: {counted(len(bars))} from {moment(bars.first_ms)} on, "
            f"and the warm-up alone takes {warmup_bars:,}"
        )
    starts_ms = bars.first_ms + warmup_bars * bars.interval_ms
    if begin_ms is not None and starts_ms - begin_ms >= bars.interval_ms:
        told.append(
            f"{bars.symbol} {bars.interval}: begins at {moment(starts_ms)}, not at {moment(begin_ms)}: "
            f"before that lie too few bars for a warm-up of {warmup_bars:,}"
        )


def _history(
    source: Source, bars: Bars, given_rules: RulesRecord | None, given_funding: Sequence[Path], told: list[str]
) -> SymbolHistory:
    rules, is_inferred = _rules(source, bars, given_rules, told)
    open_, high, low, close = _on_grid(bars, rules, told)
    return SymbolHistory(
        candles=Candles(bars.symbol, bars.interval_ms, bars.rows[0], open_, high, low, close, bars.rows[5]),
        rules=rules,
        funding=_funding(source, bars, given_funding, told),
        is_inferred=is_inferred,
    )


def _rules(source: Source, bars: Bars, given: RulesRecord | None, told: list[str]) -> tuple[SymbolRules, bool]:
    prices = bars.rows[1:5]
    beside = None if given is not None else rules_beside(source.files[0].parent)
    record = given if beside is None else read_rules(beside)
    if record is None:
        told.append(f"{bars.symbol}: no rules are on record: {_inferred_from(bars)}")
        return inferred_rules(bars.symbol, prices), True
    try:
        recorded = record.rules(bars.symbol)
    except LookupError as error:
        if given is not None:
            raise BadHistory(f"{record.file}: {error}") from None
        told.append(f"{bars.symbol}: not in {record.file}: {_inferred_from(bars)}")
        return inferred_rules(bars.symbol, prices), True
    if bars.symbol not in record.brackets:
        told.append(f"{bars.symbol}: no leverage table is on record, a careful one holds")
    # What a contract's state is now is not what it was when its bars were recorded.
    recorded = replace(recorded, is_trading=True, is_ending=False)
    rules = fitting_rules(recorded, prices)
    if rules.tick_size != recorded.tick_size:
        told.append(
            f"{bars.symbol}: the first prices are finer than the rules' tick of {recorded.tick_size:f}: "
            f"{rules.tick_size:f} holds"
        )
    return rules, False


def _inferred_from(bars: Bars) -> str:
    return f"tick, lot and leverage were inferred from the first {min(len(bars), FIRST_BARS):,} bars"


def _on_grid(bars: Bars, rules: SymbolRules, told: list[str]) -> list[Floats]:
    """The prices on the ticks of the rules: what lies between them is rounded and told, or refused where it would be bent."""
    gridded, rounding = on_grid(bars.rows[1:5], rules)
    if rounding.most > MOST_ROUNDING:
        raise BadHistory(
            f"{bars.symbol}: the price at {moment(bars.first_ms + rounding.worst_bar * bars.interval_ms)} is too small for "
            f"a tick of {rules.tick_size:f}, which fits the first {min(len(bars), FIRST_BARS):,} bars: give --rules of "
            "that time, or begin with a later --from"
        )
    if rounding.most > LEAST_TOLD:
        told.append(
            f"{bars.symbol}: {rounding.share:.1%} of the bars have prices between the ticks of {rules.tick_size:f}: rounded "
            f"to them, by {rounding.most:.2%} at the most"
        )
    return gridded


def _funding(source: Source, bars: Bars, given: Sequence[Path], told: list[str]) -> Funding:
    files = [file for file in given if symbol_of(file) in (bars.symbol, "")] or _funding_beside(source)
    if not files:
        told.append(f"{bars.symbol}: no funding is on record: 1 bp every 8 hours is assumed")
        return assumed_funding(bars.first_ms, bars.end_ms)
    record = read_funding(files)
    if record.bad_rows:
        told.append(f"{bars.symbol}: {record.bad_rows:,} settlement(s) of {files[0]} are no rates: not used")
    funding, assumed = completed_funding(record.time_ms, record.rate_e8, bars.first_ms, bars.end_ms)
    if assumed:
        told.append(f"{bars.symbol}: {assumed:,} of {len(funding.time_ms):,} settlements are not on record: 1 bp is assumed")
    return funding


def _funding_beside(source: Source) -> list[Path]:
    folder = source.files[0].parent
    places = (folder / place / f"{source.symbol}-funding.parquet" for place in FUNDING_FOLDERS)
    return [file for file in places if file.is_file()][:1]
