"""Numbers at a million cases: `python -m bench.indicators [cases]`, in the folder of MENGDING_DATA.

The population is `bench.seed`'s. Its ledger is too thin to fold (two events a case), so the facts
are made from the rows of its cases in SQL, the way `facts.items` would: one for each report, one
for each dispatch, one for each end. Sums are made by the product's own `rollup.sum_up`. Questions
go through Django's own handler without a network, as a supervisor of the district, a town and a
department ask them. Catching up is measured on real cases, carried by the ordinary actions.
"""

# ruff: noqa: S608 - names in the SQL are our own.
import sys
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any

from bench import seed
from mengding.cli.main import _django

ROUNDS = 20
SIZE = 1_000_000
CARRIED = 60  # cases through the ordinary actions, seven events each


def main(arguments: list[str]) -> int:
    """Fill, sum up, ask; prints least, p50 and p95 in milliseconds."""
    size = int(arguments[0]) if arguments else SIZE
    seed.main(size)
    with _django():
        from django.db import connection

        from mengding.indicators.models import Fact

        if not Fact.objects.exists():
            fill(connection)
        ask()
        catch_up()
    return 0


def fill(connection: Any) -> None:
    """Facts of every case, and the sums over them."""
    from mengding.core import clock
    from mengding.indicators import rollup
    from mengding.indicators.measures import BY_CODE
    from mengding.indicators.models import Mark
    from mengding.ledger import feed
    from mengding.ledger.models import Cursor

    def mask(*codes: str) -> int:
        return sum(BY_CODE[code].mask for code in codes)

    came = mask("received", "filed", "valid", "missed", "response_due", "response_in_time")
    sent = mask("sent", "accurate", "to_handle", "timed", "should_close")
    done, in_time, late = mask("handled"), mask("in_time"), mask("late_done")
    shared = "confidential, district_id, town_id, village_id, 0"
    rest = "class_code, channel, 'district', 0"
    day = "(reported_at AT TIME ZONE 'Asia/Shanghai')::date"
    started = time.perf_counter()
    with connection.cursor() as cursor:
        listed = ", ".join(rollup.COLUMNS[:-1])
        steps = (
            ("in", f"SELECT id, 'in', 0, {day}, CASE WHEN stage = 'received' THEN"
             f" {mask('received', 'unfinished')} WHEN closed_at IS NULL THEN"
             f" {came | mask('unfinished')} ELSE {came} END, {shared},"
             f" coalesce(lead_org_id, 0), {rest} FROM cases_case"),
            ("lead", f"SELECT id, 'lead', id, {day}, {sent} | CASE WHEN stage IN ('dispatched',"
             f" 'handling') THEN {mask('overdue')} WHEN id % 7 = 0 THEN {done | late}"
             f" ELSE {done | in_time} END | CASE WHEN stage = 'closed' THEN {mask('closed')}"
             f" ELSE 0 END, {shared}, lead_org_id, {rest} FROM cases_case"
             " WHERE lead_org_id IS NOT NULL"),
            ("out", "SELECT id, 'out', 0, (closed_at AT TIME ZONE 'Asia/Shanghai')::date,"
             f" {mask('ended', 'closed_then', 'fixed')}, {shared}, coalesce(lead_org_id, 0),"
             f" {rest} FROM cases_case WHERE closed_at IS NOT NULL"),
        )  # fmt: skip
        for name, rows in steps:
            cursor.execute(f"INSERT INTO {rollup.FACTS} ({listed}) {rows}")
            print(f"[{time.perf_counter() - started:6.1f}s] facts {name}: {cursor.rowcount:,}")
    summing = time.perf_counter()
    rollup.sum_up()
    print(f"[{time.perf_counter() - started:6.1f}s] summed in {time.perf_counter() - summing:.1f}s")
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {rollup.FACTS}")
        cursor.execute(f"VACUUM ANALYZE {rollup.CELLS}")
        for table in (rollup.FACTS, rollup.CELLS):
            cursor.execute(
                "SELECT count(*), pg_size_pretty(pg_total_relation_size(%s::regclass))"
                f" FROM {table}",
                [table],
            )
            print(table, *cursor.fetchone())
    Mark.objects.update_or_create(one=True, defaults={"as_of": clock.now()})
    tail = feed.tail()
    Cursor.objects.update_or_create(
        name="indicators", defaults={"xact": tail.xact, "event_id": tail.event_id}
    )


QUESTIONS = {
    "total of a month": "values?kind=month",
    "month by department": "values?kind=month&by=org",
    "month by department, compared": "values?kind=month&by=org&compare=true",
    "month by town": "values?kind=month&by=region",
    "month by class": "values?kind=month&by=class",
    "year by department": "values?kind=year&by=org",
    "year by class": "values?kind=year&by=class",
    "year by month and department": "values?kind=year&by=org&step=month",
    "days of a quarter": "values?kind=quarter&step=day&codes=received,ended,open",
    "45 days by class": "values?kind=span&since={since}&until={until}&by=class",
    "a department by class, year": "values?kind=year&by=class&org={org}",
    "a town by department, month": "values?kind=month&by=org&region=511803102",
    "a town by class, 45 days": "values?kind=span&since={since}&until={until}&by=class"
    "&region=511803102",
    "a village by class, year (facts)": "values?kind=year&by=class&region=511803102201",
    "cases behind: reported, year": "received/cases?kind=year",
    "cases behind: late of a department": "late_done/cases?kind=month&org={org}",
    "cases behind: overdue": "overdue/cases?kind=year",
    "cases behind: open": "open/cases?kind=month",
    "closed months": "periods",
}


def timed(call: Callable[[], object]) -> str:
    """Least, p50 and p95 of a call in milliseconds."""
    times = []
    for number in range(ROUNDS + 2):
        started = time.perf_counter()
        call()
        if number >= 2:
            times.append((time.perf_counter() - started) * 1000)
    cuts = quantiles(times, n=20, method="inclusive")
    return f"least {min(times):6.1f}  p50 {cuts[9]:6.1f}  p95 {cuts[18]:6.1f} ms"


def ask() -> None:
    """Every question as three posts."""
    from datetime import timedelta

    from django.test import Client

    from mengding.core import clock
    from mengding.demo.secrets import token
    from mengding.indicators.facts import local_day
    from mengding.people.models import Organisation

    today = local_day(clock.now())
    known = {
        "org": Organisation.objects.get(code="dept-urban_management").pk,
        "since": today - timedelta(days=52),
        "until": today - timedelta(days=7),
    }
    for username in ("supervise", "town", "handler"):
        client = Client(headers={"Authorization": f"Bearer {token(username)}"})
        for name, question in QUESTIONS.items():
            address = f"/api/v1/indicators/{question.format(**known)}"

            def call(address: str = address, client: Client = client) -> int:
                return client.get(address).status_code

            if call() == 200:  # the others ask for what lies outside of the post
                print(f"{username:9} {name:34} {timed(call)}", flush=True)


def catch_up() -> None:
    """Events a second from the ledger into the sums, and how far behind an ordinary case is."""
    from mengding.cases.stages import Stage
    from mengding.cases.tests.made import case_at
    from mengding.indicators import actions

    actions.catch_up()
    for _ in range(CARRIED):
        case_at(Stage.CLOSED)
    started = time.perf_counter()
    read = actions.catch_up()
    took = time.perf_counter() - started
    print(f"catch-up: {read} events in {took:.2f} s, {read / took:.0f} a second")

    def one() -> None:
        case_at(Stage.RECEIVED)

    def both() -> None:
        one()
        actions.catch_up()

    print(f"one case received        {timed(one)}")
    print(f"… and taken in           {timed(both)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
