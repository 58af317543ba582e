"""Defects of what holds entries back: the latch, a pause, an exchange that does not answer."""

from typing import Final

from tests.storm.planted import Defect

TRADER: Final = "tests/engine/trader"
STATE: Final = "tests/engine/state"
RUNNER: Final = "tests/engine/test_runner.py"
OUTAGE: Final = "tests/engine/test_store_outage.py"
HANDS: Final = "tests/storm/test_regressions_hands.py"
RESUMED: Final = "tests/engine/trader/test_resumed.py"
SILENCE: Final = "tests/engine/trader/test_silence.py"

BRAKES: Final = (
    # --- latch and pause ----------------------------------------------------------------------------------------------
    Defect(
        "a latch holds only where every memory has it",
        "engine/state/latch.py",
        "if held else None",
        "if held and len(held) == len(latches) else None",
        (STATE + "/test_latch.py",),
    ),
    Defect(
        "the latch is only in the store, not in its file",
        "engine/hands.py",
        "self._brakes_file.write(brakes)",
        'logger.debug("held back: %s", brakes)',
        (RUNNER, OUTAGE),
    ),
    Defect(
        "a pause is only in the store, not in its file",
        "engine/hands.py",
        "latch, running = account.latch, account.running\n",
        "latch, running = account.latch, kept.running_in(name)\n",
        (OUTAGE,),
    ),
    Defect(
        "guarding without a memory is noted as a pause of the owner's",
        "engine/hands.py",
        "strictest(kept.latch, latch), kept.running_in(name).stricter(self.wished)",
        "strictest(kept.latch, latch), running",
        (OUTAGE,),
    ),
    Defect(
        "the latch of the file is not looked at",
        "engine/hands.py",
        "held = strictest(kept.latch, known, latch)",
        "held = strictest(known, latch)",
        (RUNNER, OUTAGE),
        "D7",
    ),
    Defect(
        "an account that is latched may enter",
        "engine/trader/trader.py",
        "is_latched=saved.latch is not None or saved.is_panicking,",
        "is_latched=saved.is_panicking,",
        (TRADER,),
    ),
    Defect(
        "an entry that is on its way ignores a latch that was set meanwhile",
        "engine/hands.py",
        "account.running is Running.RUNNING and account.latch is None and",
        "account.running is Running.RUNNING and",
        ("tests/engine/test_entering.py", RUNNER),
    ),
    Defect(
        "what the owner stopped without the store runs again when it is back",
        "engine/recovery.py",
        "running=then.running.stricter(wished),\n    )",
        "running=then.running,\n    )",
        (OUTAGE,),
    ),
    Defect(
        "a latch that was set without the store is forgotten when it is back",
        "engine/recovery.py",
        "latch=strictest(then.latch, now.latch),",
        "latch=then.latch,",
        ("tests/engine/test_recovery.py", OUTAGE),
    ),
    Defect(
        "a file of latch and pause that cannot be read holds nothing back",
        "engine/adapters/local_files.py",
        "        return Brakes(self._damaged())",
        "        return NO_BRAKES",
        ("tests/engine/adapters/test_local_files.py",),
    ),
    Defect(
        "a letter that is wrong in the file of latch and pause is not seen",
        "engine/adapters/local_files.py",
        "            if checksum == _checksum(text):",
        "            if text:",
        ("tests/engine/adapters/test_local_files.py",),
    ),
    Defect(
        "a panic of one account is another one's, too",
        "engine/hands.py",
        "trader.books.heard_of_panic(kept.panic_in(trader.setup.namespace))",
        "trader.books.heard_of_panic(next(iter(kept.panics.values()), kept.panic_in(trader.setup.namespace)))",
        ("tests/engine/test_panic_kept.py",),
    ),
    Defect(
        "a latch is lifted by the answer to a question about an earlier one",
        "engine/trader/wishes.py",
        "    if latch.set_ms != wish.set_ms:",
        "    if latch.set_ms < wish.set_ms:",
        ("tests/engine/trader/test_panicking.py",),
    ),
    Defect(
        "a loss that is latched in the file while the memory is away is written over",
        "engine/hands.py",
        "= self._brakes(self._brakes_file.read() if self.owed.is_apart else self._kept)",
        "= self._brakes(self._kept)",
        (OUTAGE,),
        "D6",
    ),
    Defect(
        "a pause of one mode holds in all, and a start of one starts all",
        "engine/hands.py",
        "account, name = self.trader.books.saved, self.trader.setup.namespace",
        'account, name = self.trader.books.saved, ""',
        (OUTAGE,),
    ),
    Defect(
        "a memory that is back makes forget that the exchange does not answer",
        "engine/hands.py",
        "trader.silence = self.trader.silence",
        "trader.silence = trader.silence",
        (OUTAGE,),
    ),
    Defect(
        "a liquidation that only a list tells of latches nothing",
        "engine/trader/executions.py",
        "(is_heard or is_booked(desk.memory, fill))",
        "is_heard",
        (HANDS,),
    ),
    Defect(
        "a panic is over before the exchange said that all is flat",
        "engine/trader/panicking.py",
        "if any(desk.memory.flat_since_ms for desk in desks):",
        "if any(desk.memory.flat_since_ms < 0 for desk in desks):",
        (HANDS,),
    ),
    Defect(
        "a panic of which the file knows that it ended begins again",
        "engine/trader/books.py",
        "panicked_ms=in_file.began_ms, is_panicking=False, panic_closed=0)",
        "panicked_ms=in_file.began_ms)",
        (HANDS,),
    ),
    Defect(
        "what somebody opens while an unwanted entry is unanswered is sold",
        "engine/desk/position.py",
        "is_theirs = desk.exit is None and is_guarded_only(desk)",
        "is_theirs = False",
        (HANDS,),
    ),
    Defect(
        "who sets the machine's clock back stops the schedule",
        "bot/schedule.py",
        "if abs(set_by_s) < SET_BY_S:",
        "if begun_s:",
        ("tests/bot/test_schedule.py",),
    ),
    Defect(
        "a position in a symbol that is no longer traded takes no place",
        "engine/trader/trader.py",
        "for symbol, memory in self.memories.items() if symbol in left]",
        "for symbol, memory in self.memories.items() if not symbol]",
        (RESUMED,),
    ),
    Defect(
        "a card of before lives on where its symbol is listed late",
        "engine/trader/trader.py",
        "return dead + begun_late(",
        "return begun_late(",
        (RESUMED,),
    ),
    Defect(
        "longer bars than before lose their first close",
        "engine/trader/trader.py",
        "memory = of_bars(memory, self.setup.interval_ms)",
        "memory = replace(memory, interval_ms=0)",
        (RESUMED,),
    ),
    Defect(
        "an entry is judged by a leverage that is being changed",
        "engine/desk/desk.py",
        "self.is_retuned, self.setup = True, None",
        "self.is_retuned = True",
        ("tests/engine/trader/test_tuned_meanwhile.py",),
    ),
    Defect(
        "a tight stop is larger than an order may be",
        "engine/desk/position.py",
        "    largest = terms.rules.max_market_quantity",
        "    largest = terms.rules.max_market_quantity * 1_000",
        ("tests/engine/trader/test_exchange_side.py",),
    ),
    Defect(
        "what nobody heard past the store is lost with the process",
        "engine/store_news.py",
        "for notice in self.alarm.take_back():",
        "for notice in ():",
        (OUTAGE,),
    ),
    # --- an exchange that does not answer -----------------------------------------------------------------------------
    Defect(
        "after an order without an answer entries go on",
        "engine/trader/failures.py",
        "    _silent(trader, event.seen_ms, event.symbol)\n    return NOTHING",
        "    return NOTHING",
        (SILENCE,),
        "A3",
    ),
    Defect(
        "after a read that failed entries go on",
        "engine/trader/failures.py",
        "if event.errand in NEEDED and",
        "if event.errand not in NEEDED and",
        (SILENCE,),
        "A32",
    ),
    Defect(
        "an account that the exchange refuses to show is no silence",
        "engine/trader/failures.py",
        " or event.errand == SyncAccount.__name__",
        "",
        (SILENCE,),
    ),
    Defect(
        "one symbol whose requests fail for ever keeps all others out",
        "engine/trader/silence.py",
        "if seen_ms - first_ms >= UNKNOWN_HOLDS_MS:",
        "if seen_ms < first_ms:",
        (SILENCE,),
    ),
    Defect(
        "a look at the account from before a failure proves that the exchange answers",
        "engine/trader/silence.py",
        "if asked_ms >= self._since_ms:",
        "if asked_ms:",
        (SILENCE,),
    ),
    Defect(
        "another entry leaves while one is unanswered",
        "engine/trader/silence.py",
        "entry.state is not IntentState.UNKNOWN:",
        "entry.state is not IntentState.FILLED:",
        (SILENCE,),
    ),
    Defect(
        "an entry that is on its way leaves although the exchange fell silent",
        "engine/hands.py",
        " or self.trader.is_silent",
        "",
        ("tests/engine/test_entering.py",),
    ),
    Defect(
        "an entry is sent by a clock that was not read for long",
        "engine/adapters/binance_broker.py",
        "if not 0 <= self._rest.clock_age_ms() <= CLOCK_MAX_AGE_MS:",
        "if self._rest.clock_age_ms() < 0:",
        ("tests/engine/adapters/test_binance_broker.py",),
    ),
)
