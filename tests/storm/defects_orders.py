"""Defects of the order life cycle: names, entries, the proof of absence, cover."""

from typing import Final

from tests.storm.planted import Defect

CRAFT: Final = "engine/execution/"
EXECUTION: Final = "tests/engine/execution"
TRADER: Final = "tests/engine/trader"

ORDERS: Final = (
    Defect(
        "a damaged name is taken for one of ours",
        "engine/execution/ids.py",
        "if any(letter not in INTENT_LETTERS for letter in intent):",
        "if not intent:",
        ("tests/engine/execution/test_ids.py",),
    ),
    Defect(
        "an entry's execution under a damaged name is somebody else's",
        "engine/execution/entry.py",
        "is_same_order = fill.order_id != 0 and fill.order_id == entry.order_id",
        "is_same_order = not fill.client_id and fill.order_id != 0 and fill.order_id == entry.order_id",
        (TRADER + "/test_hard_to_believe.py",),
    ),
    # --- names and entries --------------------------------------------------------------------------------------------
    Defect(
        "two symbols have one name for the same bar",
        CRAFT + "ids.py",
        'f"{namespace}|{symbol}|{cause}"',
        'f"{namespace}|{cause}"',
        (EXECUTION + "/test_ids.py",),
    ),
    Defect(
        "a stop that moves keeps its name",
        CRAFT + "ids.py",
        "return (generation + 1) % (MAX_GENERATION + 1)",
        "return generation % (MAX_GENERATION + 1)",
        (EXECUTION + "/test_ids.py", EXECUTION + "/test_cover.py"),
    ),
    Defect(
        "an entry without an answer counts as failed",
        CRAFT + "entry.py",
        "return replace(desk, entry=lost), Outcome(notices=(notice,), changed=True) + _questions(desk, lost)",
        "return replace(desk, entry=None), Outcome(notices=(notice,), changed=True)",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
        "A2,A3",
    ),
    Defect(
        "an entry that is signed is remembered as planned only",
        CRAFT + "entry.py",
        "return replace(entry, state=IntentState.SENT, signed_ms",
        "return replace(entry, state=IntentState.PLANNED, signed_ms",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
        "F1,A2",
    ),
    Defect(
        "an entry that was taken but not executed yet counts as over",
        CRAFT + "entry.py",
        "final = event.executed if event.is_final else entry.final",
        "final = event.executed",
        (EXECUTION + "/test_entry_news.py",),
        "A38",
    ),
    Defect(
        "an entry that arrives after it was given up is not ours",
        CRAFT + "entry.py",
        "if late is None or desk.entry is not None:",
        "if late is not None or desk.entry is not None:",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
    ),
    # --- the proof of absence -----------------------------------------------------------------------------------------
    Defect(
        "one denial proves that an entry does not exist",
        CRAFT + "absence.py",
        "DENIALS_NEEDED: Final = 2",
        "DENIALS_NEEDED: Final = 1",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
        "A12",
    ),
    Defect(
        "not found counts although the lease still runs",
        CRAFT + "absence.py",
        "return asked_ms > entry.deadline_ms + LEASE_GRACE_MS",
        "return asked_ms > entry.signed_ms",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
        "A12,A6b",
    ),
    Defect(
        "an entry is given up without a look at the position",
        CRAFT + "absence.py",
        "and known.agreed >= LOOKS_NEEDED",
        "and known.agreed >= 0",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
        "A12,A31",
    ),
    Defect(
        "an entry is given up although executions were not listed",
        CRAFT + "absence.py",
        "        and known.is_unfilled\n",
        "",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
    ),
    Defect(
        "a position list that may lag agrees with the books",
        CRAFT + "absence.py",
        "if asked_ms <= entry.deadline_ms + LAG_MS or not is_apart:",
        "if not is_apart:",
        (EXECUTION + "/test_entry.py", TRADER + "/test_unanswered.py"),
        "A31",
    ),
    # --- cover --------------------------------------------------------------------------------------------------------
    Defect(
        "cancel before place: the old stop goes before the new one was sent",
        CRAFT + "cover.py",
        "    if match is None:\n        return _placed(",
        "    if match is None:\n        return _cancelled(desk, mine, now_ms) if mine else _placed(",
        (EXECUTION + "/test_cover.py",),
    ),
    Defect(
        "the old stop is cancelled before the new one was seen",
        CRAFT + "cover.py",
        "if not match.is_seen:",
        "if not match.is_seen and len(mine) == 1:",
        (EXECUTION + "/test_cover.py",),
    ),
    Defect(
        "a stop that was only acknowledged counts as cover",
        CRAFT + "cover.py",
        "stop.is_seen and not stop.is_cancelling and (stop.quantity is None",
        "not stop.is_cancelling and (stop.quantity is None",
        (EXECUTION + "/test_cover.py", TRADER + "/test_guarding.py"),
    ),
    Defect(
        "the target counts as cover",
        CRAFT + "cover.py",
        "        if stop.role is not Role.TARGET\n",
        "",
        (EXECUTION + "/test_cover.py",),
    ),
    Defect(
        "a stop for a part of the position counts as cover",
        CRAFT + "cover.py",
        "(stop.quantity is None or stop.quantity >= quantity)",
        "(stop.quantity is None or stop.quantity > 0)",
        (EXECUTION + "/test_cover.py",),
    ),
    Defect(
        "a stop of an earlier position counts as cover",
        CRAFT + "cover.py",
        "if name is not None and name.intent_id == intent)",
        "if name is not None)",
        (EXECUTION + "/test_cover.py", TRADER + "/test_guarding.py"),
    ),
    Defect(
        "a naked position is given two minutes",
        CRAFT + "cover.py",
        "UNCOVERED_LIMIT_MS: Final = 2_000",
        "UNCOVERED_LIMIT_MS: Final = 120_000",
        (EXECUTION + "/test_cover.py", TRADER + "/test_guarding.py"),
        "A5,B14",
    ),
    Defect(
        "stops of a position that is over stay",
        CRAFT + "cover.py",
        "_cancelled(desk, [stop for stop in stops if not stop.fired_ms], now_ms)",
        "_cancelled(desk, [stop for stop in stops if not stop.fired_ms and not stop.is_seen], now_ms)",
        (EXECUTION + "/test_cover.py", TRADER + "/test_trader.py"),
    ),
    Defect(
        "acknowledged is taken for seen",
        CRAFT + "stop_news.py",
        "replace(stop, algo_id=event.order_id))",
        "replace(stop, algo_id=event.order_id, is_seen=True))",
        (EXECUTION + "/test_stop_news.py",),
    ),
    Defect(
        "a stop that is missing from a listing is still believed in",
        CRAFT + "stop_news.py",
        "elif stop.is_seen and stop.sent_ms < asked_ms and not stop.is_cancelling:",
        "elif stop.is_seen and stop.sent_ms < asked_ms and stop.is_cancelling:",
        (EXECUTION + "/test_stop_news.py", EXECUTION + "/test_cover.py"),
        "B7",
    ),
    Defect(
        "a stop that would trigger now is placed again and again",
        CRAFT + "stop_news.py",
        "TRIGGERS_NOW: Final = (-2021, -4142)",
        "TRIGGERS_NOW: Final = (-4142,)",
        (TRADER + "/test_guarding.py", TRADER + "/test_adversity.py"),
        "A13",
    ),
)
