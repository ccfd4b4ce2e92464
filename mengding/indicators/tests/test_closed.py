"""Closed months, quarters and years: they stay as they were, and say what has changed since."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from mengding.cases import actions as cases
from mengding.cases.stages import Stage
from mengding.cases.tests.made import LEAD_ACTOR, case_at, report, spot, take, who
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed
from mengding.indicators import actions, queries, rollup
from mengding.indicators.check import compare
from mengding.indicators.cuts import CUTS
from mengding.indicators.models import Cell, FrozenCell, FrozenFact, Period, Touched
from mengding.indicators.queries import Filters, table
from mengding.indicators.spans import Span, called, months_of, span, written
from mengding.indicators.tests.following import caught_up
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]

MOMENT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
MONTH, AFTER = date(2026, 11, 1), date(2026, 12, 1)
VILLAGE = "511803102201"


@pytest.fixture(autouse=True)
def _that_tuesday() -> Iterator[None]:
    with clock.at(MOMENT):
        yield


def test_sums_that_are_new_in_a_version() -> None:
    """They are made from the facts after an upgrade; a month closed before is read as it was."""
    supervisor = who("supervise")
    for stage in (Stage.CLOSED, Stage.HANDLING, Stage.CHECKING):
        case_at(stage)
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        caught_up()
        closed = actions.freeze(supervisor, MONTH)
        town = Filters(region="511803102")
        codes = ["received", "closed", "handled_rate", "open"]

        def asked() -> list[Any]:
            kept = queries.measure(supervisor, codes, "class", MONTH, AFTER, town, frozen=True)
            org = max(int(row.key) for row in _by_org(supervisor, codes, town))
            narrow = replace(town, org=org)
            asked = [(by, narrow) for by in ("class", "channel", "region")]
            asked += [
                ("channel", Filters(org=org, class_code="C01")),
                ("class", Filters(org=org, channel="phone")),
                ("", Filters(org=org, class_code="C0101", channel="phone")),
            ]
            by = [
                queries.measure(supervisor, codes, by, MONTH, AFTER, narrow, frozen=frozen).rows
                for by, narrow in asked
                for frozen in (True, False)
            ]
            assert all(by)
            return [kept.rows, *by]

        before = asked()
        pairs = [
            cut.number
            for cut in CUTS
            if (cut.level and cut.dims not in ((), ("org",))) or len(cut.dims) == 3
        ]
        Cell.objects.filter(cut__in=pairs).delete()
        rollup.sum_up()
        assert compare().different == []
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # they are fixed
            cursor.execute(
                "DELETE FROM indicators_frozencell WHERE period_id = %s AND cut = ANY(%s)",
                [closed.pk, pairs],
            )
        assert asked() == before


def _by_org(actor: Actor, codes: list[str], filters: Filters) -> list[Any]:
    return queries.measure(actor, codes, "org", MONTH, AFTER, filters).rows


def test_a_closed_month_stays_as_it_was_and_says_what_changed() -> None:
    supervisor = who("supervise")
    done = case_at(Stage.CHECKING)
    waiting = case_at(Stage.HANDLING)
    with clock.at(MOMENT - timedelta(days=60)):
        older = report().case
    caught_up()
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        caught_up()
        closed = actions.freeze(supervisor, MONTH)
        assert closed.digest == actions.digest_of(closed)
        event = Event.objects.get(subject_kind="period", subject_id=closed.pk)
        assert event.after["digest"] == closed.digest
        then = queries.measure(supervisor, [], "org", MONTH, AFTER, frozen=True)
        assert (then.total["reworked"].n, then.total["open"].n) == (0, 3)
        cases.rework(who("verify"), done.pk, reason="仍松动")
        cases.request_return(who(LEAD_ACTOR), waiting.pk, reason="不归我管")
        cases.grant(supervisor, waiting.pk)
        with clock.at(MOMENT):
            report()  # an import of the past
        caught_up()
        after = queries.measure(supervisor, [], "org", MONTH, AFTER, frozen=True)
        assert after.total == then.total
        assert after.rows == then.rows
        assert after.now["reworked"].n == 1
        assert after.now["received"].n == then.total["received"].n + 1
        live = queries.measure(supervisor, ["reworked"], "", MONTH, AFTER)
        assert (live.total["reworked"].n, live.period) == (1, None)
        found = table.period(supervisor, closed.pk)
        assert {row["case_id"] for row in found["items"]} >= {done.pk, waiting.pk}
        told = {row["code"]: (row["then"].n, row["now"].n) for row in found["values"]}
        assert told["reworked"] == (0, 1)
        assert told["returned"] == (0, 1)
        (listed,) = queries.periods(supervisor)
        assert listed["corrections"] == found["corrections"] >= 3
        assert "facts" not in listed.keys() | found.keys()  # confidential ones are among them
        Touched.objects.all().delete()
        assert any("nobody is told of" in each for each in compare().different)
        rollup.touched_anew()
        assert compare().different == []
        assert queries.periods(supervisor)[0]["corrections"] == found["corrections"]
        # The cases of the closed number are those it counted then.
        behind = queries.cases_of(supervisor, "received", MONTH, AFTER, frozen=True, limit=200)
        assert len(behind.items) == behind.total == then.total["received"].n
        # So are those that stood open at its end, also when they have ended since.
        with clock.at(datetime(2026, 12, 5, 3, 0, tzinfo=UTC)):
            take("decline", older.pk)
        caught_up()
        stood = queries.cases_of(supervisor, "open", MONTH, AFTER, frozen=True, limit=200)
        assert stood.total == len(stood.items) == then.total["open"].n
        assert older.pk in [row["id"] for row in stood.items]


@pytest.mark.parametrize("username", ["supervise", "grid"])
@pytest.mark.parametrize(
    ("by", "narrow"),
    [
        ("", Filters()),
        ("region", Filters(region=VILLAGE)),
        ("class", Filters(region=VILLAGE, channel="phone")),
        ("", Filters(class_code="-")),
        ("org", Filters(tier="district")),
    ],
)
def test_what_stood_open_is_told_where_no_sum_is_kept(
    username: str, by: str, narrow: Filters
) -> None:
    """Of one grid, of what has no class, of three things at once: it is counted case by case."""
    lon, lat = spot(VILLAGE)
    with clock.at(MOMENT - timedelta(days=60)):
        report()
        cases.receive(who("desk"), cases.Message(text="说不清的事", lon=lon, lat=lat))
        ended = report().case
        before = report().case
        take("decline", before.pk)
    take("decline", ended.pk)
    case_at(Stage.HANDLING)
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        caught_up()
        actions.freeze(who("supervise"), MONTH)
        reader = who(username)
        if username == "grid":
            narrow = replace(narrow, region="")
        for step in ("", "day"):
            then, now = (
                queries.measure(
                    reader, ["open"], by, MONTH, AFTER, narrow, step=step, frozen=frozen
                )
                for frozen in (True, False)
            )
            assert then.period
            assert then.rows == now.rows
            assert then.total["open"].n == now.total["open"].n > 0
        behind = queries.cases_of(reader, "open", MONTH, AFTER, narrow, frozen=True)
        assert behind.total == len(behind.items) == then.total["open"].n


def test_what_waits_is_counted_before_a_month_is_closed() -> None:
    """Events nobody has read yet, and a limit that ran out: no corrections from the start."""
    supervisor = who("supervise")
    with clock.at(MOMENT - timedelta(days=20)):
        case_at(Stage.HANDLING)
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        actions.freeze(supervisor, MONTH)
        then = queries.measure(supervisor, [], "", MONTH, AFTER, frozen=True).total
        assert (then["received"].n, then["overdue"].n) == (1, 1)
        caught_up()
        assert queries.periods(supervisor)[0]["corrections"] == 0


def test_cases_of_a_closed_number_that_may_not_be_opened_any_more_are_told_of() -> None:
    """One became confidential since, one has moved to another town."""
    desk, town = who("desk"), who("town")
    secret, elsewhere, stays = report().case, report().case, report().case
    lon, lat = spot("511803105201")
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        actions.freeze(who("supervise"), MONTH)
        cases.amend(desk, secret.pk, class_code="S0101")
        cases.amend(desk, elsewhere.pk, lon=lon, lat=lat)
        caught_up()
        for code in ("received", "open"):
            for reader, hidden in ((town, 2), (who("supervise"), 1), (SYSTEM, 0)):
                found = queries.cases_of(
                    reader, code, MONTH, AFTER, Filters(region="511803102"), frozen=True
                )
                assert (found.total, found.hidden) == (3, hidden)
                assert len(found.items) == 3 - hidden
                assert stays.pk in [row["id"] for row in found.items]


def test_a_month_is_closed_once_and_when_it_is_over() -> None:
    supervisor = who("supervise")
    with pytest.raises(Invalid):
        actions.freeze(supervisor, MONTH)  # it is still November
    with pytest.raises(Invalid):
        actions.freeze(supervisor, date(2026, 10, 2))
    for username in ("dispatch", "handler", "town"):
        with pytest.raises(NotAllowed):
            actions.freeze(who(username), date(2026, 10, 1))
    actions.freeze(supervisor, date(2026, 10, 1))
    with pytest.raises(Conflict):
        actions.freeze(supervisor, date(2026, 10, 1))


@pytest.mark.parametrize("model", [Period, FrozenFact, FrozenCell])
@pytest.mark.parametrize("how", ["update", "delete"])
def test_the_database_refuses_to_change_what_is_closed(model: Any, how: str) -> None:
    case_at(Stage.HANDLING)
    caught_up()
    with clock.at(datetime(2026, 12, 5, tzinfo=UTC)):
        actions.freeze(who("supervise"), MONTH)
    rows = model.objects.all()
    assert rows.exists()
    column = "facts" if model is Period else "bits" if model is FrozenFact else "received"
    change: Callable[[], Any] = {
        "update": lambda: rows.update(**{column: 7}),
        "delete": lambda: rows._raw_delete(rows.db),
    }[how]
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        change()


def test_the_job_closes_the_month_before_on_its_day() -> None:
    from mengding.indicators.tasks import freeze

    case_at(Stage.HANDLING)
    caught_up()
    with clock.at(datetime(2026, 12, 4, 2, 0, tzinfo=UTC)):
        assert freeze()["closed"] == []
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        assert freeze() == {"closed": ["2026-11"]}
        assert freeze()["closed"] == []
    with clock.at(datetime(2027, 6, 5, 2, 0, tzinfo=UTC)):
        assert freeze()["closed"] == []  # nothing was reported in May


def test_the_job_closes_a_quarter_and_a_year_when_their_months_are_closed() -> None:
    from mengding.indicators.tasks import freeze

    case_at(Stage.HANDLING)
    with clock.at(datetime(2026, 12, 20, 2, 0, tzinfo=UTC)):
        case_at(Stage.HANDLING)
    january = datetime(2027, 1, 5, 2, 0, tzinfo=UTC)
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        caught_up()
        assert freeze()["closed"] == ["2026-11"]
    with clock.at(january):
        caught_up()
        assert freeze()["closed"] == ["2026-12"]  # October had nothing, so it is open
        actions.freeze(who("supervise"), date(2026, 10, 1))
        assert freeze()["closed"] == ["2026-Q4"]
        for month in range(1, 10):
            actions.freeze(who("supervise"), date(2026, month, 1))
        assert freeze()["closed"] == ["2026"]


def test_a_closed_quarter_stays_as_it_was_and_closes_its_months() -> None:
    """A month closed before keeps its own numbers; the quarter has what was corrected since."""
    supervisor = who("supervise")
    quarter = span("quarter", DAY)
    case_at(Stage.HANDLING)
    done = case_at(Stage.CHECKING)
    with clock.at(datetime(2026, 12, 10, 2, 0, tzinfo=UTC)):
        caught_up()
        month = actions.freeze(supervisor, MONTH)
        cases.rework(who("verify"), done.pk, reason="仍松动")  # a correction of November
    with clock.at(datetime(2027, 1, 7, 2, 0, tzinfo=UTC)):
        caught_up()
        closed = actions.freeze(supervisor, quarter.since, kind="quarter")
        assert (closed.since, closed.until) == (quarter.since, quarter.until)
        assert closed.digest == actions.digest_of(closed)
        listed = [(row["called"], row["kind"]) for row in queries.periods(supervisor)]
        assert listed == [
            ("2026-Q4", "quarter"), ("2026-12", "month"), ("2026-11", "month"),
            ("2026-10", "month"),
        ]  # fmt: skip
        assert Period.objects.get(pk=month.pk).digest == month.digest

        def then(days: Span, step: str = "") -> Any:
            return queries.measure(
                supervisor, [], "org", days.since, days.until, step=step, frozen=True
            )

        before = then(quarter)
        assert before.period == closed
        assert then(span("month", DAY)).total["reworked"].n == 0
        assert before.total["reworked"].n == 1
        with clock.at(MOMENT):
            report()  # an import of the past
        caught_up()
        after = then(quarter)
        assert (after.total, after.rows) == (before.total, before.rows)
        assert after.now["received"].n == after.total["received"].n + 1
        assert after.now["open"].n == after.total["open"].n + 1
        told = {row["code"]: row for row in table.period(supervisor, closed.pk)["values"]}
        assert told["received"]["now"].n == told["received"]["then"].n + 1
        # Its steps are those of then as well, by month and by day, and so is what stood open.
        for step in ("month", "day"):
            rows = then(quarter, step).rows
            assert sum(row.values["received"].n for row in rows) == after.total["received"].n
            last = max(row.step for row in rows if row.step)
            stood = [row.values["open"].n for row in rows if row.step == last]
            assert sum(stood) == after.total["open"].n
        with pytest.raises(Conflict):
            actions.freeze(supervisor, quarter.since, kind="quarter")
        with pytest.raises(Invalid):
            actions.freeze(supervisor, date(2026, 11, 1), kind="quarter")
        with pytest.raises(Invalid):
            actions.freeze(supervisor, date(2027, 1, 1), kind="year")


@pytest.mark.parametrize("text", ["2026-02", "2026-Q1", "2026-Q4", "2026"])
def test_periods_are_written_and_read(text: str) -> None:
    kind, days = written(text)
    assert called(days) == text
    assert span(kind, days.since) == days
    months = months_of(days)
    assert len(months) == {"month": 1, "quarter": 3, "year": 12}[kind]
    assert [months[0].since, months[-1].until] == [days.since, days.until]
    for bad in ("2026-13", "2026-Q5", "26-Q1-1", ""):
        with pytest.raises(ValueError, match=r"."):
            written(bad)
