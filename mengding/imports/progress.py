"""The progress bar of an import."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mengding.imports.runner import Totals


@contextmanager
def progress(title: str, *, shown: bool) -> Iterator[Callable[[Totals, int], None] | None]:
    """A progress bar on the terminal's error stream."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}/s  ✗ {task.fields[rejected]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task(title, total=None, speed="–", rejected=0)

        def watch(totals: Totals, total: int) -> None:
            speed = f"{totals.done / max(totals.seconds, 0.001):.0f}"
            bar.update(
                task,
                completed=totals.done,
                total=total,
                speed=speed,
                rejected=totals.rejected,
            )

        yield watch
