"""Running an import: chunks of rows in one transaction, in worker processes, resumable.

A row is all or nothing: its steps are undone together when one is refused. Rows of a chunk
commit together, which saves most of the waiting for the disk. What is done is known by the unique
(source, source reference) of each report, so an import killed at any moment goes on where it was
and takes nothing twice.
"""

import csv
import json
import multiprocessing
import os
import pickle
import queue
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TextIO

from django.db import OperationalError, connection, transaction

from mengding.cases.models import Report
from mengding.core.errors import DomainError
from mengding.core.text import T
from mengding.imports import worker
from mengding.imports.rows import Reject, Row, Unreadable

HEADING = ["line", "field", "code", "reason", "reason_en", "original"]  # of the rejects file
CHUNK = 25
WORKERS = 2
SMALL = 500  # rows that are not worth a second process
TRIES = 3  # of a chunk whose transaction broke on a deadlock or a lost connection
REPEATED = T("文件中前面已有这一编号", "this number stands on an earlier line of the file already")
ENDED_EARLY = T(
    "一个导入进程中断；已导入的都已保存，重新运行即可继续。",
    "A worker process ended early; what was imported is kept, and another run goes on from there.",
)


class Importer(Protocol):
    """One kind of file. `plan` is what workers need beyond the path; it can be pickled."""

    source: str
    path: Path
    total: int
    plan: Any

    def __init__(self, path: Path, plan: Any = None) -> None: ...
    def rows(self) -> Iterator[Row]: ...
    def ref(self, row: Row) -> str: ...
    def take(self, row: Row) -> None: ...


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line of the rejects file. `original`: the row's values as a JSON object."""

    line: int
    field: str
    code: str
    text: T
    original: str


@dataclass(slots=True)
class Totals:
    """What became of the rows. `present`: received by an earlier run. `seconds`: of this one."""

    imported: int = 0
    present: int = 0
    rejects: list[Rejected] = field(default_factory=list)
    rejected: int = 0
    seconds: float = 0.0

    def add(self, other: "Totals") -> None:
        """Count another part in; the rejects themselves are written, not kept."""
        self.imported += other.imported
        self.present += other.present
        self.rejected += len(other.rejects)

    @property
    def done(self) -> int:
        """Rows looked at."""
        return self.imported + self.present + self.rejected


@dataclass(frozen=True, slots=True)
class Task:
    """One worker's part: the rows from index `first` up to `last`.

    `repeated`: the lines whose reference stands on an earlier line already.
    """

    importer: Callable[..., Importer]
    path: Path
    plan: Any
    first: int
    last: int
    restart: bool
    repeated: frozenset[int]


def execute(
    importer: Importer,
    *,
    rejects: Path | None = None,
    limit: int | None = None,
    restart: bool = False,
    workers: int | None = None,
    watch: Callable[[Totals, int], None] | None = None,
) -> Totals:
    """Import; `watch(totals, rows in all)` is called after each chunk.

    `restart`: also rows received before go through the actions again, which refuse them.
    """
    total = importer.total if limit is None else min(importer.total, limit)
    if workers is None:
        workers = min(WORKERS, os.cpu_count() or 1) if total > SMALL else 1
    bounds = [total * n // workers for n in range(workers + 1)]
    kind = type(importer)
    repeated = _repeated(importer)
    tasks = [
        Task(kind, importer.path, importer.plan, first, last, restart, repeated)
        for first, last in pairwise(bounds)
    ]
    totals = Totals()
    begun = time.monotonic()
    with ExitStack() as stack:
        out = _rejects_file(stack, rejects)
        parts = _parts(importer, tasks[0]) if workers == 1 else _spawned(tasks)
        for part in parts:
            totals.add(part)
            totals.seconds = time.monotonic() - begun
            if part.rejects:
                out(part.rejects)
            if watch:
                watch(totals, total)
    totals.seconds = time.monotonic() - begun
    return totals


def _repeated(importer: Importer) -> frozenset[int]:
    """Found for the whole file beforehand, so that it does not matter which chunk or worker a
    line falls to, or whether an earlier run broke off between the two."""
    seen: set[str] = set()
    found: set[int] = set()
    for row in importer.rows():
        if row.problem is None and (ref := importer.ref(row)):
            if ref in seen:
                found.add(row.line)
            seen.add(ref)
    return frozenset(found)


def _rejects_file(stack: ExitStack, path: Path | None) -> Callable[[Iterable[Rejected]], None]:
    """Writes rejected lines; the file appears with the first of them."""
    if path is None:
        return lambda _: None
    path.unlink(missing_ok=True)
    opened: list[TextIO] = []

    def write(rejected: Iterable[Rejected]) -> None:
        if not opened:
            opened.append(stack.enter_context(path.open("w", encoding="utf-8-sig", newline="")))
            csv.writer(opened[0]).writerow(HEADING)
        for one in rejected:
            csv.writer(opened[0]).writerow(
                [one.line, one.field, one.code, one.text.zh, one.text.en, one.original]
            )
        opened[0].flush()

    return write


def _spawned(tasks: list[Task]) -> Iterator[Totals]:
    """The parts of all workers as they come. A worker that dies ends the import."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[Totals | None] = context.Queue()
    database = str(connection.settings_dict["NAME"])
    connection.close()
    processes = [
        context.Process(
            target=worker.main,
            args=(pickle.dumps((task, database, os.getpid())), results),
            daemon=True,
        )
        for task in tasks
    ]
    for process in processes:
        process.start()
    running = len(processes)
    try:
        while running:
            if any(process.exitcode for process in processes):
                raise Unreadable(ENDED_EARLY)
            try:
                part = results.get(timeout=1)
            except queue.Empty:
                continue
            if part is None:
                running -= 1
            else:
                yield part
    finally:
        for process in processes:
            if running:
                process.terminate()
            process.join()


def work(
    task: Task, database: str, parent: int, results: "multiprocessing.Queue[Totals | None]"
) -> None:
    """What a worker process does; it ends by itself when the first process is gone."""
    settings = connection.settings_dict
    settings["NAME"] = database
    # The same statements come for every row: planned once, they cost a quarter less in all.
    settings["OPTIONS"] = settings["OPTIONS"] | {
        "server_side_binding": True,
        "prepare_threshold": 2,
    }
    for part in _parts(task.importer(task.path, task.plan), task):
        results.put(part)
        if os.getppid() != parent:
            os._exit(1)
    results.put(None)
    connection.close()


def _parts(importer: Importer, task: Task) -> Iterator[Totals]:
    with _quick_commits():
        chunk: list[Row] = []
        for index, row in enumerate(importer.rows()):
            if index < task.first:
                continue
            if index >= task.last:
                break
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield _persistent(importer, chunk, task)
                chunk = []
        if chunk:
            yield _persistent(importer, chunk, task)


@contextmanager
def _quick_commits() -> Iterator[None]:
    """Commits do not wait for the disk. A crash of the server may lose the last fraction of a
    second, whole transactions only, and the next run takes them again."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")


def _persistent(importer: Importer, chunk: list[Row], task: Task) -> Totals:
    for attempt in range(1, TRIES + 1):
        try:
            return _take(importer, chunk, task)
        except OperationalError:
            if attempt == TRIES or connection.in_atomic_block:
                raise
            connection.close_if_unusable_or_obsolete()
    raise AssertionError("unreachable")


def _take(importer: Importer, chunk: list[Row], task: Task) -> Totals:
    """One chunk in one transaction."""
    part = Totals()
    with transaction.atomic():
        refs = [ref for row in chunk if not row.problem and (ref := importer.ref(row))]
        received = Report.objects.filter(source=importer.source, source_ref__in=refs)
        known = set() if task.restart else set(received.values_list("source_ref", flat=True))
        for row in chunk:
            try:
                if row.problem:
                    raise row.problem
                if row.line in task.repeated:
                    raise Reject("source_ref", "repeated", REPEATED)
                if importer.ref(row) in known:
                    part.present += 1
                    continue
                with transaction.atomic(), _one_savepoint():
                    importer.take(row)
            except Reject as reject:
                part.rejects.append(_refused(row, reject.field, reject.code, reject.text))
            except DomainError as error:
                if error.code == "source_ref_taken" and not task.restart:
                    # Between our look and now, by a worker that outlived its killed import.
                    part.present += 1
                else:
                    part.rejects.append(_refused(row, error.field or "", error.code, error.text))
            else:
                part.imported += 1
    return part


@contextmanager
def _one_savepoint() -> Iterator[None]:
    """Inside, actions make no savepoints of their own: the row's, just outside, undoes them all.

    A refused action ends the row anyway, and this spares two round trips for each action.
    """
    features = connection.features
    features.uses_savepoints = False
    try:
        yield
    finally:
        features.uses_savepoints = True


def _refused(row: Row, field: str, code: str, text: T) -> Rejected:
    original = json.dumps(row.values, ensure_ascii=False, default=str)
    return Rejected(row.line, field, code, text, original.encode(errors="replace").decode())
