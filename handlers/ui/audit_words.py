"""What an audit found, in words: a line for each symbol's indicators, and what came of the Trader itself.

Features and what differs in a trade keep the names that they have in the code and in JSON: they lead whoever looks there.
"""

import math
from typing import Final

from engine.backtest.audit.found import Audit, IndicatorsCompared, TraderCompared
from handlers.ui.language import Texts
from handlers.ui.markup import plain

MOST_SHOWN: Final = 5


def audit_lines(texts: Texts, audit: Audit) -> list[str]:
    """Everything that an audit has to say; of many differences the first."""
    return [_indicators(texts, one) for one in audit.indicators] + _trader(texts, audit.trader)


def _indicators(texts: Texts, seen: IndicatorsCompared) -> str:
    n = texts.numbers
    bars, burn_in, features = (n.fixed(one, 0) for one in (seen.bars, seen.burn_in, seen.features))
    if not seen.bars:
        return texts.label(
            "Indicators of {symbol}: NOT compared with pandas-ta: the first {burn_in} bars are set aside, and none is left.",
            symbol=seen.symbol,
            burn_in=burn_in,
        )
    known = {"symbol": seen.symbol, "features": features, "bars": bars, "feature": seen.feature}
    known |= {"largest": f"{seen.largest:.0e}" if math.isfinite(seen.largest) else "∞"}
    if seen.differs:
        said = texts.label(
            "Indicators of {symbol}: NOT those of pandas-ta. The largest relative difference is {largest}: {feature}, "
            "{moment}. Compared were {features} features on {bars} bars.",
            moment=f"{n.date(seen.at_ms)} {n.clock(seen.at_ms)}",
            **known,
        )
    else:
        said = texts.label(
            "Indicators of {symbol}: {features} features equal those of pandas-ta on {bars} bars; the first {burn_in} were set "
            "aside. The largest relative difference is {largest}: {feature}.",
            burn_in=burn_in,
            **known,
        )
    if not seen.unknown:
        return said
    unknown = texts.plural(
        "For {count} value pandas-ta gives no number.", "For {count} values pandas-ta gives no number.", seen.unknown
    )
    return f"{said} {plain(unknown)}"


def _trader(texts: Texts, seen: TraderCompared) -> list[str]:
    n, count = texts.numbers, len(seen.differences)
    if not count:
        equal = texts.plural(
            "The Trader itself over the same candles: {count} trade, equal in every field, and so are refusals on {judged} "
            "judged bars, rejections, wallet, latch and what was left open.",
            "The Trader itself over the same candles: {count} trades, equal in every field, and so are refusals on {judged} "
            "judged bars, rejections, wallet, latch and what was left open.",
            seen.trades,
            judged=n.fixed(seen.judged, 0),
        )
        return [plain(equal)]
    differ = texts.plural(
        "The Trader itself over the same candles: {count} difference. It made {replayed} trades, the walk {trades}.",
        "The Trader itself over the same candles: {count} differences. It made {replayed} trades, the walk {trades}.",
        count,
        replayed=n.fixed(seen.replayed, 0),
        trades=n.fixed(seen.trades, 0),
    )
    said = [plain(differ), *seen.differences[:MOST_SHOWN]]
    if count > MOST_SHOWN:
        said.append(plain(texts.plural("{count} more line", "{count} more lines", count - MOST_SHOWN)))
    return said
