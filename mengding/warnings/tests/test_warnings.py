"""Warnings from cases: which take part, raised once, decided with words, feeding the rate."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mengding.cases.models import Case
from mengding.cases.tests.made import report, spot, who
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.actor import ActorKind
from mengding.core.errors import Invalid, NotAllowed, NotFound, WrongStage
from mengding.ledger.models import Event
from mengding.warnings import actions, classes, queries
from mengding.warnings.facts import LOCAL
from mengding.warnings.kinds import Kind
from mengding.warnings.models import Alert, Crowd

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def look(at: datetime = NOW) -> dict[str, int]:
    with clock.at(at):
        return actions.look()


def cases(code: str, ages: list[float], village: str = "511803102201") -> list[Case]:
    found = []
    for age in ages:
        with clock.at(NOW - DAY * age):
            found.append(report(class_code=code, village=village).case)
    return found


def test_only_matters_of_places_things_and_services_take_part() -> None:
    version = catalogue.active_version()
    known = catalogue.classes(version)
    taking = {
        each.code for each in known if classes.takes_part(each.code, confidential=each.confidential)
    }
    assert not {each.code for each in known if each.confidential} & taking
    assert not {code for code in taking if code[:3] in ("S01", "S02", "S04", "E08")}
    assert "E0401" not in taking, "who trades in the street is a person"
    assert {"C0101", "E0110", "E0503", "E0703"} <= taking
    codes = {each.code for each in known}
    assert set(classes.LEFT_OUT) | classes.BESIDES <= codes
    assert all(len(reason) > 10 for reason in classes.LEFT_OUT.values())


def test_the_same_thing_at_one_place_three_times() -> None:
    made = cases("C0137", [1, 5, 9])
    cases("C0137", [50])  # long ago
    cases("E0110", [170])  # the district has a past: series are looked for
    secret = cases("S0101", [1, 2, 3])
    look()
    row = Alert.objects.get(kind=Kind.REPEAT, class_code="C0137", status="open")
    assert set(row.case_ids) >= {case.pk for case in made}
    assert not set(Alert.objects.values_list("class_code", flat=True)) & {"S0101"}
    ids = {pk for each in Alert.objects.all() for pk in each.case_ids}
    assert not ids & {case.pk for case in secret}
    # Once more changes the figures, not the number of warnings.
    cases("C0137", [0.2])
    look(NOW + timedelta(hours=1))
    row.refresh_from_db()
    assert row.observed == 4
    assert Alert.objects.filter(kind=Kind.REPEAT, key=row.key).count() == 1
    # Four components of one class in one village are a series besides.
    assert Alert.objects.filter(kind=Kind.SERIES, class_code="C0137").count() == 1
    shown = queries.one(who("supervise"), row.pk)
    assert shown["owner"]
    assert shown["threshold"] == 3
    assert {case["id"] for case in shown["cases"]} >= {case.pk for case in made}


def test_a_spike_in_one_town_with_the_figures_of_its_method() -> None:
    villages = [f"511803102{n}" for n in (201, 202, 203, 204, 205, 207)]
    for n in range(12):
        cases("E0110", [20.5 + 5 * n], villages[n % 6])
    for village in villages:
        # A heap of one spot on one day counts once, so two days running are twelve.
        cases("E0110", [1.1, 1.2, 2.1, 2.2], village)
    look()
    row = Alert.objects.get(kind=Kind.SPIKE, class_code="E0110", region__level="town")
    assert row.observed == 12 >= row.threshold > row.expected
    assert row.chance is not None
    assert row.chance < row.detail["alpha"]
    assert row.detail["window"] in (2, 7)
    assert row.detail["false_a_week"] <= 1.0
    assert sum(row.detail["daily"][-2:]) == 12
    assert len(row.case_ids) == 24
    shown = queries.one(who("supervise"), row.pk)
    assert "负二项" in shown["method"].zh
    assert "8 weeks" in shown["method"].en


def test_components_that_fail_one_after_another() -> None:
    cases("C0103", [1, 3, 5, 8])
    look()
    assert not Alert.objects.filter(kind=Kind.SERIES).exists(), "nobody knows what is usual"
    cases("E0110", [170])
    look()
    row = Alert.objects.get(kind=Kind.SERIES, class_code="C0103", status="open")
    assert (row.observed, row.threshold) == (4, 4)
    assert row.detail["false_a_week"] is None, "no component in the past to try it on"
    assert "42 days" in queries.one(who("supervise"), row.pk)["method"].en


def test_deciding_needs_words_and_feeds_the_rate() -> None:
    cases("C0137", [1, 5, 9])
    look()
    row = Alert.objects.get(kind=Kind.REPEAT, class_code="C0137", status="open")
    with pytest.raises(Invalid) as bad:
        actions.decide(who("supervise"), row.pk, real=False, words=" ")
    assert bad.value.field == "words"
    with pytest.raises(NotAllowed):
        actions.decide(who("desk"), row.pk, real=True, words="x")
    with clock.at(NOW):
        actions.decide(who("supervise"), row.pk, real=False, words="三处不同的灯，并非同一故障。")
        with pytest.raises(WrongStage):
            actions.decide(who("supervise"), row.pk, real=True, words="x")
        assert queries.rates()[Kind.REPEAT, "C0137"] == (1, 1)
    event = Event.objects.filter(subject_kind="warning", subject_id=row.pk).latest("pk")
    assert event.action == "warning.dismiss"
    assert "并非" not in str(event.after)
    assert look(NOW + timedelta(hours=2))["raised"] == 0, "not again within a week"
    cases("C0137", [-7.5])
    look(NOW + 8 * DAY)
    again = Alert.objects.get(kind=Kind.REPEAT, class_code="C0137", status="open")
    with clock.at(NOW + 8 * DAY):
        shown = queries.one(who("supervise"), again.pk)
    assert (shown["false_alarms"], shown["decided"]) == (1, 1)
    with pytest.raises(NotFound):
        queries.one(_elsewhere(), again.pk)


def _elsewhere() -> Any:
    from dataclasses import replace

    from mengding.core.actor import Level
    from mengding.regions.models import Region

    town = Region.objects.get(code="511803105")
    return replace(who("supervise"), region_id=town.pk, level=Level.TOWN)


def test_visitors_are_counted_without_knowing_anybody() -> None:
    admin, machine = who("sysadmin"), who("dispatch")
    spot_ = actions.add_spot(
        admin, code="hill", name="蒙顶山景区", region_code="511803102", capacity=1000
    )
    with clock.at(NOW):
        for minutes, people in ((30, 400), (25, 620), (20, 610), (15, 1010), (10, 990), (5, 300)):
            since = NOW - timedelta(minutes=minutes)
            for _ in range(2):  # sent twice
                actions.count(
                    machine, code="hill", people_count=people, since=since,
                    until=since + timedelta(minutes=5),
                )  # fmt: skip
        # An older one that comes late changes no stage.
        early = NOW - timedelta(hours=3)
        actions.count(
            machine, code="hill", people_count=5000, since=early, until=early + timedelta(minutes=5)
        )
    assert Crowd.objects.filter(spot=spot_).count() == 7
    spot_.refresh_from_db()
    assert (spot_.stage, spot_.people) == (0, 300)
    found = Alert.objects.filter(kind=Kind.CROWD, key__startswith="hill:").order_by("stage")
    assert [row.stage for row in found] == [1, 3]
    assert {field.name for field in Crowd._meta.fields} == {
        "id",
        "spot",
        "since",
        "until",
        "people",
    }
    with pytest.raises(NotFound), clock.at(NOW):
        actions.count(_machine_elsewhere(), code="hill", people_count=1, since=NOW - DAY, until=NOW)
    with pytest.raises(Invalid), clock.at(NOW):
        actions.count(machine, code="hill", people_count=1, since=NOW, until=NOW)
    assert spot()


@pytest.mark.parametrize("since", [datetime(1, 1, 1, tzinfo=LOCAL), NOW - DAY - MINUTE])
def test_a_count_is_of_a_day_at_most(since: datetime) -> None:
    """From before the year 1 in UTC, nobody could read the warning any more."""
    actions.add_spot(
        who("sysadmin"), code="hill", name="蒙顶山", region_code="511803102", capacity=9
    )
    with clock.at(NOW):
        with pytest.raises(Invalid) as bad:
            actions.count(who("dispatch"), code="hill", people_count=9, since=since, until=NOW)
        assert bad.value.field == "dateObservedFrom"
        assert not Crowd.objects.exists()
        actions.count(who("dispatch"), code="hill", people_count=9, since=NOW - DAY, until=NOW)
        shown, _ = queries.warnings(
            who("supervise"), status="open", kind="crowd", mine=False, cursor=None, limit=9
        )
    assert [row["since"] for row in shown] == [NOW - DAY]


def _machine_elsewhere() -> Any:
    from dataclasses import replace

    from mengding.core.actor import Level
    from mengding.regions.models import Region

    town = Region.objects.get(code="511803105")
    return replace(who("dispatch"), kind=ActorKind.MACHINE, region_id=town.pk, level=Level.TOWN)
