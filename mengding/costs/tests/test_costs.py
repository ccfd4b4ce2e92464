"""Costs over real cases: rates and who sets them, sums and the cases behind them, reckonings."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, transaction
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.stages import Stage
from mengding.cases.tests.made import LEAD_ACTOR, case_at, org, report, take, who
from mengding.core import clock
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.costs import actions, queries
from mengding.costs.models import CaseCost, Pattern, RateVersion, Recount
from mengding.demo.secrets import token
from mengding.indicators.queries.scope import Filters
from mengding.indicators.spans import Span
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]

MOMENT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning
TODAY = date(2026, 11, 24)
MONTH = Span(date(2026, 11, 1), date(2026, 12, 1))
RATES: dict[str, Any] = {
    "rates": {
        "call": {"fen": 350, "minutes": 6},
        "decide": {"fen": 100},
        "dispatch": {"fen": 210},
        "travel": {"fen": 2000},
        "handle": {"fen": 6000, "unit": "hour"},
        "handle_plain": {"fen": 3000},
        "check": {"fen": 1500},
    },
    "fewest": 3,
}
PLAIN = 350 + 100 + 210 + 3000 + 1500  # a case closed the shortest way


@pytest.fixture(autouse=True)
def _that_tuesday() -> Iterator[None]:
    with clock.at(MOMENT):
        yield


def rated(**changed: Any) -> None:
    """The district has rates since the beginning of the year."""
    actions.publish(who("supervise"), date(2026, 1, 1), {**RATES, **changed}, 0)


def caught_up() -> None:
    ids = set(Event.objects.filter(subject_kind="case").values_list("subject_id", flat=True))
    actions.take_in(sorted(ids))


def month(username: str = "supervise", **asked: Any) -> dict[str, Any]:
    filters = asked.pop("filters", Filters())
    return queries.values(who(username), MONTH, filters, **asked)


def arrived(hours: float) -> int:
    """A closed case with so many hours on site."""
    case = case_at(Stage.DISPATCHED)
    cases.accept(who(LEAD_ACTOR), case.pk)
    cases.arrive(who(LEAD_ACTOR), case.pk)
    with clock.at(MOMENT + timedelta(hours=hours)):
        cases.feed_back(who(LEAD_ACTOR), case.pk, report="好了")
        take("start_check", case.pk)
        take("close", case.pk)
    return case.pk


def test_without_rates_nothing_is_made_up() -> None:
    case_at(Stage.CLOSED)
    caught_up()
    found = month()
    assert (found["rated"], found["rows"], found["total"]["cases"]) == (False, [], 0)
    page = queries.rates_page(who("supervise"))
    assert page["items"] == []
    assert page["may_publish"]


def test_mean_median_total_and_the_cases_behind_them() -> None:
    rated()
    for _ in range(2):
        case_at(Stage.CLOSED)
    arrived(2.1)
    case_at(Stage.HANDLING)  # goes on: in no number
    caught_up()
    found = month()
    long = PLAIN - 3000 + 2000 + 13500  # two and a quarter hours
    total = found["total"]
    assert (total["cases"], total["fen"]) == (3, 2 * PLAIN + long)
    assert total["mean"] == round((2 * PLAIN + long) / 3)
    assert total["median"] == PLAIN
    assert {row["code"]: row["count"] for row in found["activities"]} == {
        "call": 3, "decide": 3, "dispatch": 3, "travel": 1, "handle": 1, "handle_plain": 2,
        "material": 3, "check": 3,
    }  # fmt: skip
    assert sum(row["fen"] for row in found["activities"]) == total["fen"]
    assert next(r for r in found["activities"] if r["code"] == "material")["without_rate"] == 3
    assert found["trend"][-1] == {"month": date(2026, 11, 1), **total}
    behind = queries.behind(who("supervise"), MONTH, Filters(), order="cost", limit=2)
    assert behind["total"] == 3
    assert [row["fen"] for row in behind["items"]] == [long, PLAIN]
    rest = queries.behind(
        who("supervise"), MONTH, Filters(), order="cost", limit=2, cursor=behind["next"]
    )
    assert [row["fen"] for row in rest["items"]] == [PLAIN]
    assert rest["next"] is None
    longest = queries.behind(who("supervise"), MONTH, Filters(), order="hours", limit=2)
    spent = [row["minutes"] for row in longest["items"]]
    rest = queries.behind(
        who("supervise"), MONTH, Filters(), order="hours", limit=2, cursor=longest["next"]
    )
    spent += [row["minutes"] for row in rest["items"]]
    assert (spent, sum(spent)) == ([6 + 135, 6, 6], total["minutes"])
    by_day = queries.behind(who("supervise"), MONTH, Filters(), limit=1)
    after = queries.behind(who("supervise"), MONTH, Filters(), cursor=by_day["next"])
    ids = [row["id"] for row in by_day["items"] + after["items"]]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("by", queries.BYS)
def test_rows_add_up_and_drill_to_their_cases(by: str) -> None:
    rated()
    for code in ("C0101", "C0101", "C0101", "E0110", "E0110", "E0110"):
        case_at(Stage.CLOSED, class_code=code)
    caught_up()
    found = month(by=by)
    assert sum(row["cases"] for row in found["rows"]) == found["total"]["cases"] == 6
    assert sum(row["fen"] for row in found["rows"]) == found["total"]["fen"]
    for row in found["rows"]:
        narrowed = {
            "class": Filters(class_code=row["key"]),
            "org": Filters(org=int(row["key"])) if by == "org" else Filters(),
            "region": Filters(region=row["code"]),
            "channel": Filters(channel=row["key"]),
        }[by]
        behind = queries.behind(who("supervise"), MONTH, narrowed)
        assert behind["total"] == len(behind["items"]) == row["cases"]
        assert sum(item["fen"] for item in behind["items"]) == row["fen"]
        assert row["cases"]


def test_too_few_have_no_mean() -> None:
    rated()
    for _ in range(2):
        case_at(Stage.CLOSED)
    caught_up()
    total = month()["total"]
    assert (total["cases"], total["few"]) == (2, True)
    assert {total[name] for name in ("mean", "median", "fen", "minutes")} == {None}


def test_the_reckoning_of_a_case_is_the_sum_that_was_counted() -> None:
    rated(departments={"dept-urban_management": {"handle": {"fen": 9000, "unit": "hour"}}})
    ids = [arrived(0.5), case_at(Stage.CLOSED).pk, case_at(Stage.DECLINED).pk]
    caught_up()
    for pk in ids:
        told = queries.reckoning_of(who("supervise"), pk)
        assert told["ended"]
        assert told["whole"]
        assert told["fen"] == sum(line["fen"] or 0 for line in told["lines"])
        assert told["fen"] == CaseCost.objects.select_related("pattern").get(pk=pk).pattern.fen
    told = queries.reckoning_of(who("supervise"), ids[0])
    said = [line["said"].zh for line in told["lines"]]
    assert "现场处置 0.5 小时 × 90.00 元 = 45.00 元" in said
    assert "派遣 1 次 × 2.10 元 = 2.10 元" in said
    assert "材料 1 次：没有设标准，不计" in said
    assert {line["version"] for line in told["lines"]} == {1}


def test_an_open_case_is_reckoned_so_far() -> None:
    rated()
    told = queries.reckoning_of(who("supervise"), case_at(Stage.DISPATCHED).pk)
    assert (told["ended"], told["fen"], told["saved"]) == (False, 350 + 100 + 210, [])


def test_over_night_only_working_time_counts() -> None:
    rated()
    pk = arrived(24)  # ten o'clock to ten o'clock: 2 + 4 hours, then 1.5
    told = queries.reckoning_of(who("supervise"), pk)
    line = next(each for each in told["lines"] if each["activity"] == "handle")
    assert line["minutes"] == 450


def test_merged_reports_and_what_they_saved() -> None:
    rated(merge_percent=40)
    case = case_at(Stage.FILED)
    twin = report().case
    cases.merge(who("desk"), twin.pk, into_id=case.pk)
    for step in ("dispatch", "accept", "feed_back", "start_check", "close"):
        take(step, case.pk)
    caught_up()
    later = 210 + 3000 + 1500
    assert month()["saved"]["merged"] == {
        "cases": 1, "times": 1, "fen": later * 40 // 100, "minutes": 0, "percent": 40,
    }  # fmt: skip
    # The twin ended too, as merged: what was done for it stands there.
    assert month(ending="merged")["total"]["cases"] == 1


def test_reopening_takes_a_case_out_again() -> None:
    rated()
    case = case_at(Stage.CLOSED)
    caught_up()
    assert CaseCost.objects.filter(pk=case.pk).exists()
    cases.reopen(who("supervise"), case.pk, reason="又坏了")
    caught_up()
    assert not CaseCost.objects.filter(pk=case.pk).exists()


def test_the_follower_reads_the_ledger_and_the_first_rates_reach_back() -> None:
    case = case_at(Stage.CLOSED)
    actions.take_in([case.pk])
    assert not CaseCost.objects.exists()
    rated()
    assert month()["recounting"]
    assert actions.recount() >= 1
    assert CaseCost.objects.filter(pk=case.pk).exists()
    assert not Recount.objects.exists()
    kept = dict(CaseCost.objects.values_list("pk", "pattern__digest"))
    patterns = Pattern.objects.count()
    caught_up()  # again: nothing is different
    assert dict(CaseCost.objects.values_list("pk", "pattern__digest")) == kept
    assert Pattern.objects.count() == patterns


def test_work_before_the_first_rates_is_not_in_the_mean() -> None:
    with clock.at(MOMENT - timedelta(days=60)):
        case = case_at(Stage.FED_BACK)
    actions.publish(who("supervise"), date(2026, 11, 1), RATES, 0)
    for step in ("start_check", "close"):
        take(step, case.pk)
    caught_up()
    found = month()
    assert (found["unrated"], found["total"]["cases"]) == (1, 0)
    told = queries.reckoning_of(who("supervise"), case.pk)
    assert not told["whole"]
    assert "接听来电 1 次：当天还没有标准" in [line["said"].zh for line in told["lines"]]


def test_versions_come_one_after_the_other_and_never_change() -> None:
    rated()
    boss = who("supervise")
    with pytest.raises(Invalid) as early:
        actions.publish(boss, TODAY, RATES, 1)
    assert early.value.field == "starts_on"
    with pytest.raises(Conflict):
        actions.publish(boss, date(2027, 1, 1), RATES, 0)
    with pytest.raises(Invalid) as nobody:
        actions.publish(
            boss, date(2027, 1, 1), {**RATES, "departments": {"x": {"call": {"fen": 1}}}}, 1
        )
    assert nobody.value.field == "departments.x"
    second = actions.publish(who("sysadmin"), date(2027, 1, 1), RATES, 1)
    assert second.number == 2
    entry = Event.objects.get(subject_kind="cost_rates", subject_id=second.pk)
    assert entry.after["document"]["rates"]["call"]["fen"] == 350
    row = RateVersion.objects.get(number=1)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        row.delete()
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        RateVersion.objects.filter(pk=row.pk).update(starts_on=TODAY)


def test_who_may_see_and_set() -> None:
    rated()
    for username in ("desk", "dispatch", "handler", "verify", "grid", "audit", "secadmin"):
        with pytest.raises(NotAllowed):
            month(username)
    with pytest.raises(NotAllowed):
        actions.publish(who("dispatch"), date(2027, 1, 1), RATES, 1)
    # The system administrator reads sums and sets rates; cases are not theirs.
    assert month("sysadmin")["rated"]
    with pytest.raises(NotAllowed):
        queries.behind(who("sysadmin"), MONTH, Filters())


def test_confidential_cases_of_others_are_nowhere() -> None:
    rated(fewest=3)
    secret = report(class_code="S0101", by="desk").case
    cases.decline(who("mediate"), secret.pk, reason="不属于", where_to_go="司法所")
    caught_up()
    assert CaseCost.objects.get(pk=secret.pk).confidential
    assert month(ending="declined")["total"]["cases"] == 0
    assert month("sysadmin", ending="declined")["total"]["cases"] == 0
    assert queries.behind(who("supervise"), MONTH, Filters(), ending="declined")["total"] == 0
    with pytest.raises(NotFound):
        queries.reckoning_of(who("supervise"), secret.pk)


def test_over_http(client: Client) -> None:
    rated(example=True)
    for _ in range(3):
        case_at(Stage.CLOSED)
    caught_up()
    headers = {"Authorization": f"Bearer {token('supervise')}"}
    found = client.get("/api/v1/costs?by=org&compare=true", headers=headers).json()
    assert found["example"]
    assert found["rows"][0]["mean"] == PLAIN
    assert set(found["beside"]) == {"before", "earlier"}
    text = client.get("/api/v1/costs/file", headers=headers).content.decode("utf-8-sig")
    assert text.splitlines()[0] == "示例标准，不是真实单价"
    assert "51.60" in text
    bad = client.post(
        "/api/v1/costs/rates",
        json.dumps({"starts_on": "2027-01-01", "version": 1, "rates": {"call": {"fen": -1}}}),
        content_type="application/json",
        headers=headers,
    )
    assert (bad.status_code, bad.json()["field"]) == (422, "rates.call.fen")
    good = client.post(
        "/api/v1/costs/rates",
        json.dumps({"starts_on": "2027-01-01", "version": 1, "rates": {"call": {"fen": 1}}}),
        content_type="application/json",
        headers=headers,
    )
    assert (good.status_code, good.json()) == (201, {"number": 2, "starts_on": "2027-01-01"})


PERSONAL = (
    "account", "account_id", "post", "post_id", "person", "worker", "user", "username", "staff",
    "by_whom", "received_by", "done_by", "reporter",
)  # fmt: skip


def names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def test_no_answer_and_no_table_names_a_person(client: Client) -> None:
    """A cost is of cases, classes, departments and areas: never of who worked or reported."""
    rated()
    pk = arrived(1)
    for _ in range(3):
        case_at(Stage.CLOSED)
    caught_up()
    headers = {"Authorization": f"Bearer {token('supervise')}"}
    for address in ("/costs/rates", "/costs?compare=true", f"/costs/cases/{pk}"):
        answer = client.get(f"/api/v1{address}", headers=headers)
        assert answer.status_code == 200, address
        assert not set(names(answer.json())) & set(PERSONAL), address
        assert "刘强" not in answer.content.decode(), address  # the handler of these cases
    columns = {f.name for model in (CaseCost, Pattern) for f in model._meta.get_fields()}
    assert not columns & set(PERSONAL)
    lines = [line for row in Pattern.objects.all() for line in row.lines]
    assert {len(line) for line in lines} == {4}  # activity, count, minutes, fen
    assert org("dept-urban_management") in CaseCost.objects.values_list("org", flat=True)
