"""What `backtest` is asked for: checked before anything heavy is read or begun."""

from dataclasses import dataclass
from pathlib import Path

from bot import version
from bot.backtest_options import read_target
from bot.ground import Ground, Typed, ground_of
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for, checked. `trades` and `page` are files to write; `is_audited` has the run audit itself."""

    ground: Ground
    trades: Path | None
    page: Path | None
    as_json: bool
    language: str
    version: str
    is_audited: bool


def wish_of(
    owner: Settings,
    typed: Typed,
    *,
    trades: Path | None,
    report: Path | None,
    as_json: bool,
    language: str,
    is_audited: bool,
) -> Wish:
    """Check what was typed. Raises `BadOption`, `BadMoment`."""
    ground = ground_of(owner, typed)
    inputs = [*ground.candles, *ground.funding, *([ground.rules] if ground.rules is not None else [])]
    page = read_target("--report", report, others=inputs)
    return Wish(
        ground=ground,
        trades=read_target("--trades", trades, others=[*inputs, *([page] if page is not None else [])]),
        page=page,
        as_json=as_json,
        language=language,
        version=version.installed(),
        is_audited=is_audited,
    )
