"""`autobot calibrate` and `autobot worker`, composed: candles, a plan, a place for its results, threads, and the verdict."""

import os
import socket
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from optuna.storages import InMemoryStorage, JournalStorage

from bot import version
from bot.calibrate_progress import bar
from bot.calibrate_wish import Refused, Stopped, Wish
from bot.calibrate_words import Found
from bot.ground import Ground
from bot.histories import BadHistory, histories_of
from engine.adapters.study_store import StudyStore
from engine.backtest import kernel
from engine.backtest.calibrate import folds, plan, tally, work
from engine.backtest.calibrate.endings import endings
from engine.backtest.calibrate.plan import Plan
from engine.backtest.calibrate.space import DRAWS_A_BATCH, unlatched
from engine.backtest.calibrate.study import OwnLeases, Study
from engine.backtest.calibrate.verdict import result
from engine.backtest.history import Costs, Simulation
from engine.backtest.kernel import Walker
from engine.model.signals import Sides


class Search(NamedTuple):
    """A plan, what it is walked over, and what has to be told about that."""

    plan: Plan
    walker: Walker
    told: list[str]


def searched(wish: Wish) -> Search:
    """Read the candles and lay the plan. Raises `BadHistory`."""
    ground = wish.ground
    loaded = histories_of(ground)
    present = unlatched(ground.params)
    try:
        walker = Walker(loaded.histories, ground.simulation)
        warm_ms = walker.first_ms + ground.simulation.warmup_bars * walker.interval_ms
        cut = folds.cut(
            max(warm_ms, ground.simulation.from_ms),
            walker.end_ms,
            folds.longest_hold_ms(present, walker.interval_ms),
            step_days=wish.step_days,
            window_steps=wish.window_steps,
        )
    except (kernel.BadHistory, folds.TooShort) as error:
        raise BadHistory(str(error)) from None
    made = Plan(
        version=f"{version.installed() or 'not installed'} {plan.sources()}",
        data=plan.fingerprint(loaded.histories),
        simulation=plan.terms(ground.simulation),
        present=present,
        axes=plan.axes_name(),
        folds=cut,
        seed=wish.seed,
        batches=wish.batches,
        asked=_asked(wish),
    )
    return Search(made, walker, loaded.told)


def alone(search: Search, workers: int) -> Found:
    """Search in this process; nothing is kept. Raises `Stopped`."""
    study = Study(InMemoryStorage(), "alone", search.plan, OwnLeases(), "alone")
    worked(study, search, workers)
    return found(study, search, 0)


def shared(store: StudyStore, search: Search, name: str, workers: int) -> Found:
    """Search together with whoever joins. Raises `Refused`, `Stopped`, `StoreDown`."""
    theirs = plan.plan_of(store.begin(name, search.plan.written()))
    differs = plan.difference(search.plan, theirs)
    if differs:
        raise Refused(f"study {name} was begun with {differs}: choose another name, or `autobot calibrate --forget {name}`")
    tried_before = store.tried(search.plan.data, name, search.plan.batches * DRAWS_A_BATCH)
    study, leases = joined(store, search.plan, name)
    with closing(leases):
        worked(study, search, workers)
        return found(study, search, tried_before)


def helped(store: StudyStore, name: str, candles: Sequence[Path], workers: int) -> int:
    """Work at a study of somebody's; give how many settings were walked here. Raises `Refused`, `Stopped`, `StoreDown`."""
    theirs = described(store, name)
    ours = searched(_wish_of(theirs, candles))
    differs = plan.difference(ours.plan, theirs)
    if differs:
        raise Refused(f"study {name} has {differs} than this worker: nothing was walked")
    study, leases = joined(store, theirs, name)
    with closing(leases):
        return worked(study, ours, workers).batches * DRAWS_A_BATCH


def described(store: StudyStore, name: str) -> Plan:
    """What a study is about. Raises `Refused` where there is none."""
    about = store.about(name)
    if about is None:
        known = ", ".join(store.names())
        raise Refused(f"no study {name} in the store" + (f"; there are {known}" if known else ", nor any other"))
    return plan.plan_of(about)


def joined(store: StudyStore, made: Plan, name: str) -> tuple[Study, Any]:
    """A study in the store, and the leases of this process."""
    worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    leases = store.leases(name, worker)
    return Study(JournalStorage(store.journal(name)), name, made, leases, worker), leases


def worked(study: Study, search: Search, workers: int) -> work.Worked:
    """Walk until nothing is open. Raises `Stopped`."""
    with bar(search.plan.batches) as told:
        search.walker.trades(search.plan.present)  # compiles, the first time
        begun = time.monotonic()
        done = work.Crew(study, search.walker, search.plan, workers).work(told)
    rows = DRAWS_A_BATCH
    if not done.is_complete:
        raise Stopped(study.done * rows, search.plan.batches * rows)
    passed = time.monotonic() - begun
    print(f"{done.batches * rows:,} settings walked here, {done.batches * rows / passed:,.0f} a second", file=sys.stderr)
    return done


def found(study: Study, search: Search, tried_before: int) -> Found:
    """Judge what is complete."""
    blocks, results = search.plan.folds.blocks.size, study.results()
    rows = [tally.read(text, blocks) for batch in range(search.plan.batches) for text in results[batch]]
    draws = search.plan.draws()
    histories = search.walker.histories
    judged = result(tally.stacked(rows), [draw.values for draw in draws], search.plan.folds, tried_before=tried_before)
    return Found(
        plan=search.plan,
        result=judged,
        endings=endings(search.walker, search.plan, judged),
        symbols=tuple(one.candles.symbol for one in histories),
        interval_ms=search.walker.interval_ms,
        draws=draws,
        tried_before=tried_before,
        told=search.told,
    )


def _asked(wish: Wish) -> dict[str, Any]:
    """How the same is loaded elsewhere. Whatever is not found there is refused by what it is, not by its path."""
    ground, terms = wish.ground, wish.ground.simulation
    costs = terms.costs
    return {
        "candles": [str(file.absolute()) for file in ground.candles],
        "funding": [str(file.absolute()) for file in ground.funding],
        "rules": None if ground.rules is None else str(ground.rules.absolute()),
        "interval": ground.interval,
        "begin_ms": ground.begin_ms,
        "end_ms": ground.end_ms,
        "wallet": str(terms.wallet),
        "costs": [costs.taker_ppm, costs.half_spread_ppm, costs.slippage_ppm, costs.liquidation_ppm],
        "warmup_bars": terms.warmup_bars,
        "sides": terms.sides.value,
        "from_ms": terms.from_ms,
        "step_days": wish.step_days,
        "window_steps": wish.window_steps,
    }


def _wish_of(made: Plan, candles: Sequence[Path]) -> Wish:
    """The wish behind a plan, with this machine's candles where they are named."""
    asked = made.asked
    simulation = Simulation(
        wallet=Decimal(asked["wallet"]),
        costs=Costs(*asked["costs"]),
        warmup_bars=asked["warmup_bars"],
        sides=Sides(asked["sides"]),
        from_ms=asked["from_ms"],
    )
    ground = Ground(
        candles=tuple(candles) or tuple(map(Path, asked["candles"])),
        funding=tuple(map(Path, asked["funding"])),
        rules=None if asked["rules"] is None else Path(asked["rules"]),
        interval=asked["interval"],
        begin_ms=asked["begin_ms"],
        end_ms=asked["end_ms"],
        params=made.present,
        simulation=simulation,
    )
    return Wish(
        ground=ground,
        step_days=asked["step_days"],
        window_steps=asked["window_steps"],
        batches=made.batches,
        seed=made.seed,
    )
