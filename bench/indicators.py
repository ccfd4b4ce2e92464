"""Numbers at a million cases: `python -m bench.indicators [cases] [part …]`.

In the folder of MENGDING_DATA, on `bench.seed`'s population, whose ledger tells the whole story.
Parts, all by default: `rebuild` (facts and sums from the ledger, by the product), `ask` (questions
of the console through Django's own handler without a network, as the supervisor of the district, a
town and a department ask them), `reports` (briefings), `close` (a month), `lag` (a minute
of work at ten events a second, and how old the numbers are meanwhile).
"""

import importlib
import json
import subprocess
import sys
import threading
import time
from datetime import timedelta
from functools import partial
from statistics import quantiles
from typing import Any

from bench import seed
from bench.clock import Timer, yardstick
from bench.load import Load, exchange
from mengding.cli.main import _django

ROUNDS = 30
SIZE = 1_000_000
AIM = 100.0  # ms at p95
REST = 0.1  # s before each question
LAG_AIM = 2.0  # s
SECONDS, PACE = 60, 10  # events a second
PORT = 8993
PARTS = ("rebuild", "ask", "reports", "close", "lag")


def main(arguments: list[str]) -> int:
    """Fill, then each part."""
    sizes = [int(each) for each in arguments if each.isdecimal()]
    wanted = [each for each in arguments if not each.isdecimal()] or PARTS
    seed.main(sizes[0] if sizes else SIZE)
    with _django():
        from mengding.indicators.models import Fact

        if "rebuild" in wanted or not Fact.objects.exists():
            rebuild()
        for part in wanted:
            if part != "rebuild":
                {"ask": ask, "reports": reports, "close": close, "lag": lag}[part]()
    return 0


def rebuild() -> None:
    """All facts and sums from the ledger, by the product itself."""
    from django.db import connection

    from mengding.indicators import actions, rollup

    started, used = time.perf_counter(), time.process_time()

    def progress(step: str) -> None:
        if "," not in step or step.endswith("00,000"):
            print(f"[{time.perf_counter() - started:6.1f}s] {step}", flush=True)

    cases = actions.rebuild(progress)
    took, used = time.perf_counter() - started, time.process_time() - used
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_event WHERE subject_kind = 'case'")
        (events,) = cursor.fetchone()
        print(
            f"rebuilt from {events:,} events of {cases:,} cases in {took:.0f} s,"
            f" of which {used:.0f} s this process"
        )
        for table in (rollup.FACTS, rollup.CELLS):
            cursor.execute(f"VACUUM ANALYZE {table}")
            cursor.execute(
                f"SELECT count(*), pg_size_pretty(pg_total_relation_size('{table}')) FROM {table}"  # noqa: S608
            )
            print(table, *cursor.fetchone())


# What pages of the console ask for; {…} is filled in `ask`.
_MAIN = (
    "received,to_handle,handled_rate,in_time_rate,late_done,overdue,closed_rate,rework_rate,"
    "accurate_rate,satisfied_rate"
)
VALUES = {
    "total of a month, compared": "kind=month&compare=true",
    "table by department, compared": "kind=month&by=org&compare=true&codes={main}",
    "table by town, compared": "kind=month&by=region&compare=true&codes={main}",
    "table by class, compared": "kind=month&by=class&compare=true&codes={main}",
    "table by channel, compared": "kind=month&by=channel&compare=true&codes={main}",
    "all 37 by department": "kind=month&by=org",
    "all 37 by class": "kind=month&by=class",
    "quarter by department, compared": "kind=quarter&by=org&compare=true&codes={main}",
    "quarter by class, compared": "kind=quarter&by=class&compare=true&codes={main}",
    "year by department, compared": "kind=year&by=org&compare=true&codes={main}",
    "year by town, compared": "kind=year&by=region&compare=true&codes={main}",
    "year by class, compared": "kind=year&by=class&compare=true&codes={main}",
    "year, all 37 by class": "kind=year&by=class",
    "in, out, open by day of a month": "kind=month&step=day&codes=received,ended,open",
    "in, out, open by day of a quarter": "kind=quarter&step=day&codes=received,ended,open",
    "small multiples: departments by day": "kind=month&by=org&step=day&codes=received,closed",
    "small multiples: departments by month": "kind=year&by=org&step=month&codes={main}",
    "small multiples: towns by month": "kind=year&by=region&step=month&codes={main}",
    "45 days by class": "kind=span&since={since}&until={until}&by=class&codes={main}",
    "a department by class, year": "kind=year&by=class&org={org}&codes={main}",
    "a town by department, month": "kind=month&by=org&region=511803102&codes={main}",
    "a town by class, year": "kind=year&by=class&region=511803102&codes={main}",
    "a town by class, 45 days": "kind=span&since={since}&until={until}&by=class&codes={main}"
    "&region=511803102",
    "a village by class, year": "kind=year&by=class&region=511803102201&codes={main}",
    "by post, month": "kind=month&by=post&codes={main}",
}
PAGES = ("overview", "department", "region", "class", "channel")
CHOSEN = (
    "department?org={org}", "region?region=511803102", "region?region=511803102201",
    "class?class_code=C01", "class?class_code={class}", "channel?channel=phone",
)  # fmt: skip
BEHIND = {
    "received of a month": "received/cases?kind=month",
    "received of a year": "received/cases?kind=year",
    "in time of a year, those not": "in_time_rate/cases?kind=year&part=rest",
    "late, of a department": "late_done/cases?kind=month&org={org}",
    "overdue of a year": "overdue/cases?kind=year",
    "open now": "open/cases?kind=month",
    "open, of a class": "open/cases?kind=month&class_code={class}",
}


def ask() -> None:
    """Every question as three posts."""
    from django.db import connection
    from django.test import Client

    from mengding.core import clock
    from mengding.demo.secrets import token
    from mengding.indicators.facts import local_day
    from mengding.people.models import Organisation

    importlib.import_module("mengding.wsgi")  # settles as a web process does
    today = local_day(clock.now())
    known = {
        "main": _MAIN,
        "org": Organisation.objects.get(code="dept-urban_management").pk,
        "since": today - timedelta(days=52),
        "until": today - timedelta(days=7),
        "class": "C0137",
    }
    timer = Timer(connection, REST)
    for username in ("supervise", "town", "handler"):
        print(yardstick(), yardstick(REST), flush=True)
        client = Client(headers={"Authorization": f"Bearer {token(username)}"})
        addresses = {
            **{
                f"dashboard: {page}, {kind}": f"dashboards/{page}?kind={kind}"
                for page in PAGES
                for kind in ("month", "quarter", "year")
            },
            **{
                f"chosen: {each.split('?')[1]}, {kind}": f"dashboards/{each}&kind={kind}"
                for each in CHOSEN
                for kind in ("month", "quarter", "year")
            },
            **{name: f"values?{each}" for name, each in VALUES.items()},
            **{f"cases: {name}": each for name, each in BEHIND.items()},
            "closed periods": "periods",
        }
        for name, question in addresses.items():
            address = f"/api/v1/indicators/{question.format(**known)}"
            if "kind=" in address:  # the first of a month has nothing to count yet
                address += f"&day={today - timedelta(days=10)}"
            answer = client.get(address)
            if answer.status_code != 200:  # asks for what lies outside of the post
                print(f"{username:9} {name:38} {answer.status_code}")
                continue
            said = timer.say(partial(client.get, address), ROUNDS, AIM)
            print(f"{username:9} {name:38} {said}", flush=True)
            if following := answer.json().get("next"):
                for _ in range(4):
                    later = f"{address}&cursor={following}"
                    following = client.get(later).json()["next"] or following
                said = timer.say(partial(client.get, later), ROUNDS, AIM)
                print(f"{username:9} {name + ', fifth page':38} {said}", flush=True)


def reports() -> None:
    """A day's and a month's briefing of the district: filling, PDF, DOCX."""
    from django.db import connection, transaction

    from mengding.briefings import actions, queries
    from mengding.briefings.rendering import render
    from mengding.core.actor import SYSTEM
    from mengding.regions.models import Region

    district = Region.objects.get(code="511803").pk
    timer = Timer(connection)
    for kind in ("day", "month"):
        kept: dict[str, Any] = {}

        def make(kind: str = kind, kept: dict[str, Any] = kept) -> None:
            with transaction.atomic():  # taken back, so that it can be made again
                row = actions.make(SYSTEM, template=kind, region=district)
                kept["document"] = queries.whole(row)
                transaction.set_rollback(True)

        print(f"briefing of a {kind}: numbers  {timer.say(make, 5)}", flush=True)
        for form in ("pdf", "docx"):

            def draw(form: Any = form, kept: dict[str, Any] = kept) -> None:
                kept["size"] = len(render(kept["document"], form, draft="", signed=""))

            said = timer.say(draw, 5)
            print(f"briefing of a {kind}: {form:8} {said}  {kept['size']:,} bytes", flush=True)


def close() -> None:
    """Closing the month before the last, taken back afterwards."""
    from django.db import connection, transaction

    from mengding.core import clock
    from mengding.core.actor import SYSTEM
    from mengding.indicators import actions
    from mengding.indicators.facts import local_day
    from mengding.indicators.models import Period
    from mengding.regions.models import Region

    district = Region.objects.get(code="511803").pk
    first = local_day(clock.now()).replace(day=1)
    month = ((first - timedelta(days=1)).replace(day=1) - timedelta(days=1)).replace(day=1)
    kept: dict[str, int] = {}

    def freeze() -> None:
        with transaction.atomic():
            made: Period = actions.freeze(SYSTEM, month, district)
            kept["facts"] = made.facts
            transaction.set_rollback(True)

    said = Timer(connection).say(freeze, 3)
    print(f"closing {month:%Y-%m} ({kept['facts']:,} facts)  {said}", flush=True)


def lag() -> None:
    """A minute of work on a running server: how old the numbers are, seen from outside.

    Five writes a case (received, two notes, filed, a note), evenly at `PACE` a second; meanwhile
    the number of cases received is read. The age of a case is from the answer to its report to
    the first answer that counts it.
    """
    command = [sys.executable, "-m", "mengding", "run", "--port", str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            load = Load("127.0.0.1", PORT)
            load.wait_ready(300)
            _follow(load)
        finally:
            server.terminate()


def _follow(load: Load) -> None:
    from mengding.demo.secrets import token

    reader, desk = token("supervise"), token("desk")
    asked = "/api/v1/indicators/values?kind=day&codes=received"

    def seen() -> int:
        return int(load.get(asked, reader)["total"]["received"]["n"])

    while load.get("/api/v1/indicators/state", reader)["waiting"]:
        time.sleep(0.5)
    before, stop = seen(), threading.Event()
    told: list[float] = []  # when the answer to a report came
    writes = [0]

    def work() -> None:
        sock, begun, case = load._connect(), time.perf_counter(), 0
        said = {"description": "路灯不亮。", "class_code": "C0137", "lon": 103.11, "lat": 30.09}
        for number in range(SECONDS * PACE):
            time.sleep(max(0.0, begun + number / PACE - time.perf_counter()))
            step = number % 5
            path, body = {
                0: ("/api/v1/reports", said),
                3: (f"/api/v1/cases/{case}/file", {"condition_code": "C0137-1"}),
            }.get(step, (f"/api/v1/cases/{case}/note", {"text": "已联系"}))
            status, answer = exchange(
                sock, "POST", path, json.dumps(body).encode(), desk, load.host
            )
            if not 200 <= status < 300:
                raise SystemExit(f"POST {path}: {status} {answer[:300]!r}")
            writes[0] += 1
            if step == 0:
                case = json.loads(answer)["case_id"]
                told.append(time.perf_counter())
        stop.set()

    writer = threading.Thread(target=work)
    begun = time.perf_counter()
    writer.start()
    ages: list[float] = []
    marks: list[float] = []
    while not stop.is_set() or len(ages) < len(told):
        if not writer.is_alive() and time.perf_counter() - begun > SECONDS + 30:
            raise SystemExit(f"{len(told) - len(ages)} cases never counted")
        count = seen() - before
        now = time.perf_counter()
        ages += [now - at for at in told[len(ages) : count]]
        marks.append(load.get("/api/v1/indicators/state", reader)["lag"])
        time.sleep(0.1)
    writer.join()
    for name, values in (("a case counted after", ages), ("age of the mark", marks)):
        cuts = quantiles(values, n=20, method="inclusive")
        missed = "  MISSED" if cuts[18] > LAG_AIM else ""
        print(
            f"{name:22} p50 {cuts[9]:5.2f}  p95 {cuts[18]:5.2f}  most {max(values):5.2f} s"
            f"  ({len(values)} readings, {writes[0]} writes){missed}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
