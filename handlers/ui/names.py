"""Words for the engine's codes: sides, regimes, rules, stages, reasons."""

from typing import Final

from engine.model.commands import DecisionMode
from engine.model.notices import LatchCause
from engine.model.orders import ExitReason
from engine.model.proposals import ProposalEnd
from engine.model.signals import Limit, Proposal, Regime, Side, Sides, Verdict
from engine.model.view import Running, Stage
from handlers.ui.language import marked

SIDE: Final = {Side.LONG: marked("LONG"), Side.SHORT: marked("SHORT")}
SIDES: Final = {
    Sides.LONG: marked("long only"),
    Sides.SHORT: marked("short only"),
    Sides.BOTH: marked("long and short"),
}
SIDES_BUTTON: Final = {Sides.LONG: marked("Long"), Sides.SHORT: marked("Short"), Sides.BOTH: marked("Both")}
PROPOSAL: Final = {
    Proposal.PROPOSE_LONG: marked("LONG"),
    Proposal.PROPOSE_SHORT: marked("SHORT"),
    Proposal.NEUTRAL: marked("none"),
}
REGIME: Final = {
    Regime.RANGE: marked("range"),
    Regime.BULL_TREND: marked("bull trend"),
    Regime.BEAR_TREND: marked("bear trend"),
    Regime.UNCLEAR: marked("unclear"),
}
REGIME_ICON: Final = {Regime.RANGE: "↔", Regime.BULL_TREND: "↗", Regime.BEAR_TREND: "↘", Regime.UNCLEAR: "❔"}
STAGE: Final = {
    Stage.NEUTRAL: marked("waiting"),
    Stage.PROPOSED: marked("proposed"),
    Stage.ENTERING: marked("entering"),
    Stage.OPEN: marked("open"),
    Stage.CLOSING: marked("closing"),
}
RUNNING: Final = {
    Running.STOPPED: marked("⏹ stopped"),
    Running.PAUSED: marked("⏸ paused"),
    Running.RUNNING: marked("▶ running"),
}
MODE: Final = {
    DecisionMode.AUTO: marked("auto"),
    DecisionMode.CONFIRM: marked("confirm"),
    DecisionMode.SIGNALS: marked("signals"),
}
MODE_MEANING: Final = {
    DecisionMode.AUTO: marked("the bot enters by itself"),
    DecisionMode.CONFIRM: marked("the bot asks you before each entry"),
    DecisionMode.SIGNALS: marked("the bot only tells, it never enters"),
}
REASON: Final = {
    ExitReason.STOP_LOSS: marked("stop loss"),
    ExitReason.TRAILING_STOP: marked("trailing stop"),
    ExitReason.TAKE_PROFIT: marked("target reached"),
    ExitReason.REGIME_CHANGE: marked("regime turned"),
    ExitReason.TIME_LIMIT: marked("time limit"),
    ExitReason.MANUAL: marked("closed by you"),
    ExitReason.PANIC: marked("panic"),
    ExitReason.LIQUIDATED: marked("liquidated by the exchange"),
    ExitReason.ADL: marked("auto-deleveraged by the exchange"),
    ExitReason.CLOSED_ELSEWHERE: marked("closed outside the bot"),
    ExitReason.UNPROTECTED: marked("no stop could be placed"),
    ExitReason.DELISTED: marked("the contract ends"),
}
REASON_ICON: Final = {
    ExitReason.STOP_LOSS: "🛑",
    ExitReason.TRAILING_STOP: "🛡",
    ExitReason.TAKE_PROFIT: "🎯",
    ExitReason.REGIME_CHANGE: "🧭",
    ExitReason.TIME_LIMIT: "⏱",
    ExitReason.MANUAL: "✋",
    ExitReason.PANIC: "🚨",
    ExitReason.LIQUIDATED: "💥",
    ExitReason.ADL: "💥",
    ExitReason.CLOSED_ELSEWHERE: "↩",
    ExitReason.UNPROTECTED: "⚠",
    ExitReason.DELISTED: "🏁",
}
VERDICT: Final = {
    Verdict.REFUSED: marked("refused"),
    Verdict.PROPOSED: marked("proposed to you"),
    Verdict.ENTERED: marked("entered"),
    Verdict.SIGNALLED: marked("told only"),
}
LIMIT: Final = {
    Limit.RISK: marked("the risk rule"),
    Limit.MARGIN_CAP: marked("the margin cap"),
    Limit.EXCHANGE_MAXIMUM: marked("the exchange's maximum"),
}
PROPOSAL_END: Final = {
    ProposalEnd.TAKEN: marked("✅ Taken"),
    ProposalEnd.DECLINED: marked("✖ Skipped"),
    ProposalEnd.EXPIRED: marked("⌛ Expired, not taken"),
    ProposalEnd.SUPERSEDED: marked("↻ Replaced by a newer proposal"),
    ProposalEnd.REFUSED: marked("⛔ Not entered: a check no longer holds"),
    ProposalEnd.RESTARTED: marked("⏹ Expired: the bot was restarted, nothing is taken late"),
}
LATCH_CAUSE: Final = {
    LatchCause.DRAWDOWN: marked("the drawdown limit was reached"),
    LatchCause.PANIC: marked("you pressed Panic"),
    LatchCause.LIQUIDATION: marked("the exchange liquidated a position"),
    LatchCause.LOST_STATE: marked("the bot's memory was lost"),
    LatchCause.RESTRICTED: marked("the exchange restricts the account"),
}
RULE: Final = {
    "trend_following": marked("trend following"),
    "momentum": marked("momentum"),
    "breakout": marked("breakout"),
    "mean_reversion": marked("mean reversion"),
    "volume_spike": marked("volume spike"),
    "macd": marked("MACD"),
    "volatility": marked("volatility"),
}
ARROW: Final = {1: "▲", -1: "▼"}
VOTE_ICON: Final = {-1: "▼", 0: "●", 1: "▲"}
QUOTES: Final = ("USDT", "USDC", "FDUSD", "BUSD")


def base_asset(symbol: str) -> str:
    """What is bought: ETH of ETHUSDT."""
    for quote in QUOTES:
        if symbol.endswith(quote) and symbol != quote:
            return symbol.removesuffix(quote)
    return symbol
