"""Defects of exits, and of the desk that drives a symbol: news, positions, the account's truth, strangers, the market."""

from typing import Final

from tests.storm.planted import Defect

CRAFT: Final = "engine/execution/"
DESK: Final = "engine/desk/"
EXECUTION: Final = "tests/engine/execution"
TRADER: Final = "tests/engine/trader"

DESKS: Final = (
    # --- exits --------------------------------------------------------------------------------------------------------
    Defect(
        "a partial exit without an answer is sent again",
        CRAFT + "leaving.py",
        "if rest > 0 and (leaving.is_whole or not leaving.piece):",
        "if rest > 0:",
        (EXECUTION + "/test_leaving.py",),
    ),
    Defect(
        "a whole exit is sent only once",
        CRAFT + "leaving.py",
        "if rest > 0 and (leaving.is_whole or not leaving.piece):",
        "if rest > 0 and not leaving.piece:",
        (EXECUTION + "/test_leaving.py", TRADER + "/test_leaving.py"),
        "A1,A2",
    ),
    Defect(
        "an exit that was refused is given up",
        CRAFT + "leaving.py",
        "if not leaving.is_whole and refusals >= PARTIAL_REFUSALS:",
        "if refusals >= PARTIAL_REFUSALS:",
        (EXECUTION + "/test_leaving.py", TRADER + "/test_leaving.py"),
        "A14",
    ),
    Defect(
        "an exit may turn the position round",
        CRAFT + "orders.py",
        "        trigger_by=None,\n        reduce_only=True,",
        "        trigger_by=None,\n        reduce_only=False,",
        (EXECUTION + "/test_leaving.py",),
    ),
    Defect(
        "a trailing stop may loosen",
        CRAFT + "exits.py",
        "return stop if plan.side * (stop - plan.stop) > 0.0 else plan.stop",
        "return stop",
        (EXECUTION + "/test_exits.py",),
    ),
    Defect(
        "the wide stop lies behind the liquidation",
        CRAFT + "exits.py",
        "if liquidation > 0.0 and side * (halfway - wide) > 0.0:",
        "if liquidation > 0.0 and side * (halfway - wide) < 0.0:",
        (EXECUTION + "/test_exits.py",),
    ),
    Defect(
        "executions are asked for from the newest one on only",
        CRAFT + "missed.py",
        "return min((moment for moment in moments if moment > 0), default=0)",
        "return max((moment for moment in moments if moment > 0), default=0)",
        (EXECUTION, TRADER + "/test_adversity.py"),
        "C12,C3",
    ),
    # --- the desk -----------------------------------------------------------------------------------------------------
    Defect(
        "stops of others are swept away with the orphans",
        CRAFT + "stop_news.py",
        "if read(seen.client_id) is not None and seen.client_id not in known]",
        "if seen.client_id not in known]",
        (TRADER + "/test_exchange_side.py", TRADER),
        "B8",
    ),
    Defect(
        "the stops of a lost memory are cancelled before there are others",
        DESK + "news.py",
        "if is_held and is_bare and not is_refused:",
        "if is_held and is_bare and is_refused:",
        (TRADER + "/test_lost_memory.py", TRADER),
        "D7",
    ),
    Defect(
        "the stops of a lost memory go with the first refusal of a new one",
        DESK + "news.py",
        "orphans = [seen for seen in orphans if seen not in spared]",
        "orphans = [seen for seen in orphans if seen not in spared[:0]]",
        (TRADER + "/test_lost_memory.py", TRADER),
        "D7",
    ),
    Defect(
        "a stop that was refused at its trigger leaves the position alone",
        DESK + "news.py",
        "is_over = event.status is StopStatus.REJECTED or (event",
        "is_over = (event",
        (TRADER + "/test_exchange_side.py", TRADER),
        "B9",
    ),
    Defect(
        "an entry on its way takes no place among the positions",
        DESK + "position.py",
        "return desk.holding is not None or (desk.entry is not None and desk.entry.state is not IntentState.REJECTED)",
        "return desk.holding is not None",
        (TRADER + "/test_unanswered.py", TRADER),
    ),
    Defect(
        "one look at the account that differs is followed at once",
        DESK + "reconciling.py",
        "if is_same and (is_looked_up or",
        "if (is_looked_up or",
        (TRADER + "/test_lag.py", TRADER),
        "A31",
    ),
    Defect(
        "a look from before the newest execution is compared",
        DESK + "reconciling.py",
        "if seen.asked_ms <= desk.last_fill_seen_ms:",
        "if seen.asked_ms <= 0:",
        (TRADER + "/test_lag.py", TRADER),
        "A38,A31",
    ),
    Defect(
        "a position list that lags is followed",
        DESK + "lag.py",
        "return any(before == quantity and asked_ms - fill_ms <= LAG_MS for",
        "return any(before == quantity and asked_ms < fill_ms for",
        (TRADER + "/test_lag.py", TRADER),
        "A31",
    ),
    Defect(
        "what came after a position's end is taken for its beginning",
        DESK + "made_up.py",
        "if fill.trade_id > 0 and is_in_time and not _is_outlived(desk, old, fill):",
        "if fill.trade_id > 0 and is_in_time:",
        (TRADER + "/test_found.py",),
    ),
    Defect(
        "an entry that nobody answered for, found as a position, is a stranger's",
        DESK + "reconciling.py",
        "difference * int(ours.side) <= 0:",
        "difference * int(ours.side) >= 0:",
        (TRADER + "/test_unanswered.py", TRADER),
        "A12,C12",
    ),
    Defect(
        "a position that is to be ignored loses its wide stop",
        DESK + "outside.py",
        "    if hand.care is Care.IGNORED:\n",
        "    if hand.care is Care.FORGOTTEN:\n",
        (TRADER + "/test_outside.py",),
    ),
    Defect(
        "our exits close a position that somebody else opened",
        DESK + "care.py",
        "return hand is not None and (hand.care.is_hands_off or not hand.was_ours)",
        "return hand is not None and hand.care.is_hands_off",
        ("tests/engine/desk/test_watching.py", TRADER + "/test_outside.py"),
    ),
    Defect(
        "orders of others hold nothing back",
        DESK + "strangers.py",
        "return bool(self._seen_ms)",
        "return False",
        (TRADER + "/test_exchange_side.py", TRADER),
    ),
    Defect(
        "the leverage is changed while a position is open",
        DESK + "contract.py",
        "is_flat = desk.memory.holding is None and",
        "is_flat =",
        (TRADER + "/test_exchange_side.py", TRADER),
        "B16",
    ),
    Defect(
        "a price beyond a stop is left only where mark and last price are both beyond",
        DESK + "watching.py",
        "return any(since_ms and now_ms - since_ms >= TOUCH_WATCH_MS for",
        "return all(since_ms and now_ms - since_ms >= TOUCH_WATCH_MS for",
        (TRADER + "/test_guarding.py", TRADER),
    ),
    Defect(
        "the mark is watched as if every position were long",
        DESK + "watching.py",
        "is_past = holding.plan.side * (stop - mark) >=",
        "is_past = (stop - mark) >=",
        ("tests/engine/desk/test_watching.py", TRADER + "/test_guarding.py"),
    ),
)
