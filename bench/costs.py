"""Costs of a million ended cases: `python -m bench.costs [rows] [patterns]`.

In the folder of MENGDING_DATA, which should be its own: the demo district, its cases reckoned by
the product, and on top of them made-up lives over two years, each priced by the product's rules;
only their rows are written (`CaseCost`), in bulk, not their ledger. Prints how many patterns there
are, what making the counts takes, each question as it was answered before counts were kept (one
scan by pattern, `costs.tests.before`, without names and other work) and as it is now through
Django's own handler, and what the counts add to the follower. Both answers must be the same.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.clock import Timer, yardstick
from bench.lives import lives
from bench.seed import without_indexes
from mengding.cli.main import _django

SIZE, PATTERNS = 1_000_000, 3_000
ROUNDS, ROUNDS_BEFORE = 30, 2  # of those before the better one is told
AIM = 100.0  # ms at p95
PIECES = (1, 25, 250)  # cases a transaction


def main(arguments: list[str]) -> int:
    """Fill, make the counts, ask, write."""
    size, most = ([int(each) for each in arguments] + [SIZE, PATTERNS][len(arguments) :])[:2]
    with _django():
        prepare(size, most)
        rebuild()
        ask()
        write()
    return 0


def prepare(size: int, most: int) -> None:
    """The demo district with its cases, then rows up to `size`, if they are not there."""
    from django.core.management import call_command
    from django.db import connection

    from mengding.costs.models import CaseCost, Pattern
    from mengding.demo import actions, queries

    call_command("migrate", verbosity=0, interactive=False)
    if not queries.is_loaded():
        actions.load()
        followed()
    if CaseCost.objects.count() < size:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            started = time.perf_counter()
            with without_indexes(cursor, CaseCost._meta.db_table):
                fill(cursor, size, most)
            cursor.execute(f"VACUUM ANALYZE {CaseCost._meta.db_table}")
        print(f"filled in {time.perf_counter() - started:.0f} s")
    print(f"rows {CaseCost.objects.count():,}, patterns {Pattern.objects.count():,}")


def followed() -> None:
    """What the demo's own cases came to, and how long the follower took for each."""
    from mengding.costs import actions
    from mengding.costs.models import CaseCost, Pattern

    ids = list(CaseCost.objects.values_list("pk", flat=True))
    started = time.perf_counter()
    actions.take_in(ids)
    took = (time.perf_counter() - started) * 1000 / len(ids)
    print(
        f"the demo: {len(ids)} ended cases, {Pattern.objects.count()} patterns;"
        f" reckoned again, nothing changed: {took:.1f} ms a case"
    )


def fill(cursor: Any, size: int, most: int) -> None:
    """Rows by COPY; of rarer ways than `most` a case takes a common one instead."""
    from django.db.models import Max

    from mengding.costs.actions import _content, digest_of
    from mengding.costs.models import CaseCost, Pattern

    have = CaseCost.objects.count()
    first = (CaseCost.objects.aggregate(last=Max("pk"))["last"] or 0) + 1_000_000
    columns = [str(field.column) for field in CaseCost._meta.concrete_fields]
    found = lives(size - have)
    made = {digest_of(each): each for each in found.reckonings}
    Pattern.objects.bulk_create(
        (Pattern(digest=digest, **_content(each)) for digest, each in made.items()),
        ignore_conflicts=True,
    )
    ids = dict(Pattern.objects.filter(digest__in=made).values_list("digest", "pk"))
    own = np.array([ids[digest_of(each)] for each in found.reckonings])[found.way]
    often = Counter(own.tolist())
    kept = np.array([pk for pk, _ in often.most_common(most)])
    shares = np.array([often[int(pk)] for pk in kept], float)
    dice = np.random.default_rng(7)
    rare = ~np.isin(own, kept)
    own[rare] = dice.choice(kept, rare.sum(), p=shares / shares.sum())
    print(
        f"{len(often):,} ways of costing in {len(own):,} lives; kept {len(kept):,},"
        f" which are {1 - rare.mean():.1%} of them"
    )
    Pattern.objects.exclude(pk__in=[*kept.tolist(), *_used()]).delete()
    with cursor.copy(f"COPY {CaseCost._meta.db_table} ({', '.join(columns)}) FROM STDIN") as copy:
        for number, (pattern, row) in enumerate(zip(own.tolist(), found.rows(), strict=True)):
            copy.write_row([({"case_id": first + number, "pattern_id": pattern} | row)[c]
                            for c in columns])  # fmt: skip


def _used() -> set[int]:
    from mengding.costs.models import CaseCost

    return set(CaseCost.objects.values_list("pattern_id", flat=True))


def rebuild() -> None:
    """All counts anew, and how large they are."""
    from django.db import connection

    from mengding.costs import rollup

    started = time.perf_counter()
    rollup.rebuild()
    print(f"counts made in {time.perf_counter() - started:.0f} s")
    with connection.cursor() as cursor:
        for table in (rollup.COSTS, rollup.CELLS):
            cursor.execute(f"VACUUM ANALYZE {table}")
            cursor.execute(
                f"SELECT count(*), pg_size_pretty(pg_total_relation_size('{table}')) FROM {table}"  # noqa: S608
            )
            print(table, *cursor.fetchone())
        cursor.execute(f"SELECT sum(length(patterns)) / 8 FROM {rollup.CELLS}")  # noqa: S608
        print(f"pairs of pattern and number: {cursor.fetchone()[0]:,}")


def questions(org: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Who, called what, asked how; all compared with the span before and a year earlier. What is
    asked of a town is what its own supervisor sees."""
    town, village = "511803102", "511803102201"
    for name, given in (("", {}), (", a town", {"region": town}), (", a department", {"org": org})):
        for kind in ("month", "quarter", "year"):
            for by in ("class", "org", "region", "channel"):
                asked = {"kind": kind, "by": by, "compare": True, **given}
                yield "supervise", f"{kind} by {by}{name}", asked
    narrowed: dict[str, dict[str, Any]] = {
        "classes E0…": {"class_code": "E0"},
        "a channel": {"channel": "phone"},
        "a town's department": {"region": town, "org": org},
        "a village": {"region": village},
        "any ending": {"ending": ""},
    }
    for name, given in narrowed.items():
        for by in ("class", "org", "region"):
            asked = {"kind": "year", "by": by, "compare": True, **given}
            yield "supervise", f"year by {by}, {name}", asked
    span = {"kind": "span", "since": "2026-08-17", "until": "2026-11-16"}
    yield "supervise", "91 days by class", {**span, "by": "class", "compare": True}
    yield "sysadmin", "year by class", {"kind": "year", "compare": True}


# Cases behind a number are of rows without a ledger here: found and counted, but none is listed.
BEHIND: dict[str, dict[str, Any]] = {
    "a year, newest": {"order": "day"},
    "a year, costliest": {"order": "cost"},
    "a class, costliest": {"order": "cost", "class_code": "E0110"},
    "a town, newest": {"order": "day", "region": "511803102"},
    "a town, costliest": {"order": "cost", "region": "511803102"},
}


def ask() -> None:
    """Every question both ways."""
    from django.db import connection
    from django.test import Client

    from mengding.costs import queries
    from mengding.costs.api import CostTable
    from mengding.costs.tests.before import answer, numbers_of
    from mengding.demo.secrets import token
    from mengding.demo.stories import actor_of
    from mengding.people.models import Organisation

    timer = Timer(connection)
    org = Organisation.objects.get(code="dept-urban_management").pk
    missed, ratios = [], []
    print(yardstick(), flush=True)
    for who, name, asked in questions(org):
        wanted = CostTable(**asked)
        given: dict[str, Any] = {
            "by": wanted.by, "ending": wanted.ending,
            "others": wanted.compared() if wanted.compare else {},
        }  # fmt: skip
        arguments = (actor_of(who), wanted.days(), wanted.filters())
        now = queries.values(*arguments, **given)
        first = []
        for _ in range(ROUNDS_BEFORE):
            started = time.perf_counter()
            before = answer(*arguments, **given)
            first.append((time.perf_counter() - started) * 1000)
        if numbers_of(now) != before:
            raise SystemExit(f"{who} {name}: the answers differ")
        client = Client(headers={"Authorization": f"Bearer {token(who)}"})
        call = partial(client.get, "/api/v1/costs", asked)
        assert call().status_code == 200
        then = _times(timer, call, ROUNDS)
        ratios.append(min(first) / then[0])
        if then[1] > AIM:
            missed.append(name)
        print(
            f"{who:9} {name:34} {now['total']['cases']:9,}  before {min(first):7.0f}"
            f"  now p50 {then[0]:6.1f}  p95 {then[1]:6.1f}  cpu {then[2]:6.1f} ms"
            f"  {ratios[-1]:6.1f} times{'  MISSED' if then[1] > AIM else ''}",
            flush=True,
        )
    for name, asked in BEHIND.items():
        client = Client(headers={"Authorization": f"Bearer {token('supervise')}"})
        address = "/api/v1/costs/cases?" + urlencode({"kind": "year", **asked})
        for page in ("first", "fifth"):
            then = _times(timer, partial(client.get, address), ROUNDS)
            print(
                f"supervise cases behind: {name}, {page} page"
                f"  now p50 {then[0]:6.1f}  p95 {then[1]:6.1f}  cpu {then[2]:6.1f} ms"
                f"{'  MISSED' if then[1] > AIM else ''}",
                flush=True,
            )
            if then[1] > AIM:
                missed.append(name)
            for _ in range(4):
                following = client.get(address).json()["next"]
                address = address.split("&cursor=")[0] + f"&cursor={following}"
    print(yardstick())
    print(f"{len(ratios)} questions, {len(missed)} over {AIM:.0f} ms at p95; {_middle(ratios):.0f}"
          " times quicker in the middle")  # fmt: skip


def _times(timer: Timer, call: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """(p50, p95, processor time) in ms."""
    walls, used = timer.times(call, rounds)
    cuts = quantiles(walls, n=20, method="inclusive")
    return cuts[9], cuts[18], used


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def write() -> None:
    """What keeping the counts adds to the follower: the same rows without them and with them."""
    from django.db import connection, transaction

    from mengding.core import clock
    from mengding.costs import rollup
    from mengding.costs.models import CaseCost
    from mengding.indicators.facts import local_day

    kept = rollup._apply
    last = local_day(clock.now()) - timedelta(days=20)
    for size in PIECES:
        taken: dict[str, list[float]] = {"without": [], "with": []}
        written = dict.fromkeys(taken, 0)
        rows = list(CaseCost.objects.filter(day__gte=last, pk__gt=1_000_000)[: 12 * size])
        for begin in range(0, len(rows), size):
            some = rows[begin : begin + size]
            for how in taken:
                rollup._apply = kept if how == "with" else (lambda deltas: None)
                with transaction.atomic(), connection.cursor() as cursor:
                    ids = [row.case_id for row in some]
                    cursor.execute("SELECT pg_current_wal_insert_lsn()")
                    (lsn,) = cursor.fetchone()
                    started = time.perf_counter()
                    rollup.refresh([], ids)  # reopened
                    rollup.refresh(some, ids)  # and ended again
                    taken[how].append((time.perf_counter() - started) * 1000 / 2 / len(some))
                    cursor.execute("SELECT pg_current_wal_insert_lsn() - %s::pg_lsn", [lsn])
                    written[how] += int(cursor.fetchone()[0])
                    transaction.set_rollback(True)
        rollup._apply = kept
        print(
            f"follower, {size} cases a transaction: ms a case without counts"
            f" {_middle(taken['without']):.2f}, with {_middle(taken['with']):.2f};"
            f" bytes of log a case {written['without'] // 2 // len(rows):,} and"
            f" {written['with'] // 2 // len(rows):,}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
