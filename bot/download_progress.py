"""What a person sees while history comes in: a bar for each series on a terminal, nothing where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from engine.adapters.archive_layout import Series


class Bars:
    """One bar for each series."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks = dict[Series, TaskID]()

    def begins(self, series: Series, rows: int) -> None:
        """So many rows are missing."""
        self._tasks[series] = self._progress.add_task(series.name, total=rows)

    def advances(self, series: Series, rows: int) -> None:
        """So many more are there, or are known not to be."""
        self._progress.advance(self._tasks[series], rows)


@contextmanager
def bars() -> Iterator[Bars]:
    """Draw bars on the error output, which is not what the command says."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bars(progress)
