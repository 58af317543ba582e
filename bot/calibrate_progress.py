"""What a person sees while settings are searched: one bar on the error output of a terminal; nothing where nobody watches."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.backtest.calibrate.space import DRAWS_A_BATCH

type Told = Callable[[int], None]


@contextmanager
def bar(batches: int) -> Iterator[Told]:
    """Draw how many settings are walked, by everybody who works at the study."""
    console = Console(stderr=True)
    columns = (
        TextColumn("settings"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("settings", total=batches * DRAWS_A_BATCH, pace="compiling")
        first: list[tuple[float, int]] = []

        def told(done: int) -> None:
            if done and not first:
                first.append((time.monotonic(), done))
            passed = time.monotonic() - first[0][0] if first else 0.0
            pace = f"{(done - first[0][1]) * DRAWS_A_BATCH / passed:,.0f} a second" if passed > 1 else ""
            progress.update(task, completed=done * DRAWS_A_BATCH, pace=pace or ("" if done else "compiling"))

        yield told
