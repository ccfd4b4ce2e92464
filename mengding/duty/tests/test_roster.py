"""Teams, shifts and rosters; how duty follows the roster; leave, closures, coverage."""

from datetime import date, timedelta
from typing import Any

import pytest

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, WrongStage
from mengding.duty import actions, queries
from mengding.duty.actions import Plan, TeamData
from mengding.duty.models import Interval, Leave, Shift, Slot, Team
from mengding.duty.tests import made
from mengding.duty.tests.made import ELSEWHERE, TOWN, VILLAGE, at, post_of, region, worker
from mengding.ledger import outbox
from mengding.ledger.models import Event
from mengding.notices import queries as notices
from mengding.notices import telling
from mengding.notices.models import Notice
from mengding.people.models import Account
from mengding.regions.models import Region

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
TUESDAY = at("2026-12-01 10:00")


@pytest.fixture(autouse=True)
def _tuesday() -> Any:
    with clock.at(TUESDAY):
        yield


def member_name(actor: Actor) -> str:
    return Account.objects.get(pk=actor.account_id or 0).name


def lines(team: Team, first: str, last: str, by: Actor | None = None) -> list[dict[str, Any]]:
    found = queries.roster(
        by or who("supervise"), team.pk, date.fromisoformat(first), date.fromisoformat(last)
    )
    slots: list[dict[str, Any]] = found["slots"]
    return slots


def plan(crew: list[Actor], shifts: list[Shift | None], **more: Any) -> Plan:
    fields: dict[str, Any] = {
        "first": date(2026, 12, 1),
        "last": date(2026, 12, 14),
        "cycle": [each.pk if each else None for each in shifts],
        "people": [post_of(each) for each in crew],
    }
    return Plan(**fields | more)


def test_a_roster_from_a_pattern_then_by_hand() -> None:
    crew = [worker() for _ in range(4)]
    team, day, night = made.team(crew), made.shift(), made.shift("20:00", "08:00")
    wanted = plan(crew, [day, night, None, None])
    seen = actions.generate(who("town"), team.pk, wanted, preview=True)
    assert (len(seen.made), seen.kept) == (28, 0)
    assert not Slot.objects.filter(team=team).exists()
    actions.generate(who("town"), team.pk, wanted)
    assert actions.generate(who("town"), team.pk, wanted).kept == 28  # twice adds nothing
    found = lines(team, "2026-12-01", "2026-12-14")
    assert len(found) == 28
    assert not any(line["conflicts"] for line in found)
    late = next(line for line in found if line["shift_id"] == night.pk)
    assert late["ends_at"] - late["starts_at"] == timedelta(hours=12)
    by_hand = actions.change_slot(who("town"), found[-1]["id"], post=post_of(crew[0]))
    assert by_hand.origin == "hand"
    with pytest.raises(Conflict) as stale:
        actions.change_slot(who("town"), by_hand.pk, post=post_of(crew[1]), version=1)
    assert stale.value.extra["current"] == {"version": 2}
    # Generated anew: what was set by hand stays, so do shifts that have begun.
    again = actions.generate(who("town"), team.pk, plan(crew, [night], replace=True))
    assert Slot.objects.filter(pk=by_hand.pk).exists()
    assert again.removed == 26
    told = Event.objects.filter(subject_kind="team", subject_id=team.pk).order_by("seq")
    assert [each.action for each in told] == ["team.create", "roster.generate"] + 2 * [
        "roster.generate"
    ]


def test_work_shifts_stay_free_on_rest_days() -> None:
    crew = [worker()]
    team, office = made.team(crew), made.shift("09:00", "17:00", days="work")
    done = actions.generate(who("town"), team.pk, plan(crew, [office]))
    assert (len(done.made), done.idle) == (10, 4)
    assert {slot.day.weekday() for slot in done.made} == {0, 1, 2, 3, 4}


def test_conflicts_are_shown_and_may_stand() -> None:
    one, two = worker(), worker()
    first, second = made.team([one, two]), made.team([one])
    day, late = made.shift(), made.shift("16:00", "22:00")
    made.slot(first, day, one, "2026-12-03")
    made.slot(second, late, one, "2026-12-03")  # in another team, two hours at once
    made.slot(first, day, two, "2026-12-04")
    leave = actions.ask_leave(two, kind="training", first=date(2026, 12, 4), last=date(2026, 12, 5))
    actions.close_area(
        who("town"), region=region(TOWN), reason="rain", first=date(2026, 12, 4),
        last=date(2026, 12, 4),
    )  # fmt: skip
    conflicts = [line["conflicts"] for line in lines(first, "2026-12-03", "2026-12-04")]
    assert conflicts == [["two_at_once"], ["training", "closed"]]
    # Team mates see who works when, not who is away why.
    assert [line["conflicts"] for line in lines(first, "2026-12-03", "2026-12-04", two)] == [[], []]
    assert queries.roster(two, first.pk, date(2026, 12, 1), date(2026, 12, 9))["away"] == []
    actions.withdraw_leave(two, leave.pk)
    assert lines(first, "2026-12-04", "2026-12-04")[0]["conflicts"] == ["closed"]


def test_who_arranges_what() -> None:
    leader, member, stranger = worker(), worker(), worker()
    team, day = made.team([leader, member], leader=leader), made.shift()
    elsewhere = made.team([worker(area=ELSEWHERE)], area=ELSEWHERE)

    def add(by: Actor, to: Team = team, day_of: str = "2026-12-05") -> Slot:
        return actions.add_slot(
            by, team=to.pk, shift=day.pk, post=post_of(member), day=date.fromisoformat(day_of)
        )

    for number, by in enumerate((leader, who("town"), who("supervise"))):
        assert add(by, day_of=f"2026-12-0{number + 5}")
    for by in (member, stranger, who("desk"), who("handler")):
        with pytest.raises(NotAllowed):
            add(by)
    with pytest.raises(NotAllowed):
        add(who("town"), elsewhere)
    with pytest.raises(NotAllowed):
        add(leader, elsewhere)
    seen = {row["id"] for row in queries.teams(member)}
    assert seen == {team.pk}
    found = queries.candidates(who("town"), member_name(member))
    assert [row["post_id"] for row in found] == [post_of(member)]
    assert queries.candidates(who("town"), "孙立新") == []  # of the district, not of the town
    assert elsewhere.pk not in {row["id"] for row in queries.teams(who("town"))}
    assert {team.pk, elsewhere.pk} <= {row["id"] for row in queries.teams(who("supervise"))}
    with pytest.raises(NotFound):
        lines(team, "2026-12-01", "2026-12-02", stranger)
    with pytest.raises(NotAllowed):
        actions.save_team(leader, TeamData("township", "自己的队", region(VILLAGE)))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"last": date(2026, 11, 1)}, "last"),
        ({"last": date(2027, 12, 1)}, "last"),
        ({"people": []}, "people"),
        ({"people": [10**15]}, "people"),
        ({"cycle": []}, "cycle"),
        ({"cycle": [None]}, "cycle"),
        ({"cycle": [10**15]}, "cycle"),
        ({"first": date(2026, 1, 1), "last": date(2026, 1, 2)}, "day"),
    ],
)
def test_a_plan_that_is_none(change: dict[str, Any], field: str) -> None:
    crew = [worker()]
    team, day = made.team(crew), made.shift()
    with pytest.raises(Invalid) as refused:
        actions.generate(who("town"), team.pk, plan(crew, [day], **change))
    assert refused.value.field == field


def test_shifts_of_other_areas_are_not_for_the_team() -> None:
    crew = [worker()]
    team, foreign = made.team(crew), made.shift(area=ELSEWHERE)
    with pytest.raises(Invalid) as refused:
        made.slot(team, foreign, crew[0], "2026-12-05")
    assert refused.value.field == "shift"
    with pytest.raises(Invalid) as refused:
        made.slot(team, made.shift(), worker(), "2026-12-05")
    assert refused.value.field == "post"


# Duty follows the roster


def test_duty_ends_half_an_hour_behind_the_shift() -> None:
    one = worker()
    team, day = made.team([one], area=TOWN), made.shift()
    slot = made.slot(team, day, one, "2026-12-02")
    with clock.at(at("2026-12-02 07:40")):
        found = actions.go_on(one).interval
    assert found is not None
    assert (found.slot_id, found.team_id, found.shift_id) == (slot.pk, team.pk, day.pk)
    assert found.ends_by == at("2026-12-02 18:30")
    assert found.region_id == region(TOWN)  # what the team patrols
    with clock.at(at("2026-12-02 21:00")):
        actions.end_due()
    found.refresh_from_db()
    assert (found.ended_at, found.ended_by) == (at("2026-12-02 18:30"), "shift")
    told = Event.objects.filter(subject_kind="duty", subject_id=found.pk).latest("seq")
    assert told.after["tell"] == [post_of(one)]


def test_two_shifts_in_a_row_are_one_time_on_duty() -> None:
    one = worker()
    team, day, night = made.team([one]), made.shift(), made.shift("18:00", "06:00")
    made.slot(team, day, one, "2026-12-02")
    with clock.at(at("2026-12-02 08:00")):
        found = actions.go_on(one).interval
        assert found is not None
        assert found.ends_by == at("2026-12-02 18:30")
        made.slot(team, night, one, "2026-12-02")  # asked to stay
    found.refresh_from_db()
    assert found.ends_by == at("2026-12-03 06:30")
    assert Event.objects.filter(subject_id=found.pk, action="duty.extend").count() == 1


def test_the_line_may_go_time_on_duty_stays() -> None:
    one = worker()
    team, day = made.team([one]), made.shift()
    slot = made.slot(team, day, one, "2026-12-02")
    with clock.at(at("2026-12-02 08:00")):
        actions.go_on(one)
        actions.remove_slot(who("town"), slot.pk)
    row = Interval.objects.get(account=one.account_id)
    assert (row.slot_id, row.ended_at, row.ends_by) == (None, None, at("2026-12-02 18:30"))


def test_the_own_roster_with_who_is_on_it_too() -> None:
    one, two = worker("林一"), worker("周二")
    team, day, night = made.team([one, two]), made.shift(), made.shift("20:00", "08:00")
    made.slot(team, night, one, "2026-11-30")
    made.slot(team, day, one, "2026-12-03")
    made.slot(team, day, two, "2026-12-03")
    made.slot(team, day, two, "2026-12-04")
    made.slot(team, day, one, "2026-12-20")
    with clock.at(at("2026-12-01 02:00")):  # the night shift of yesterday is not over
        own = queries.my_roster(one)["slots"]
    assert [line["day"] for line in own] == [date(2026, 11, 30), date(2026, 12, 3)]
    assert [mate["name"] for mate in own[1]["mates"]] == ["周二"]


def test_who_forgot_is_told_and_nobody_else() -> None:
    one = worker()
    team, day = made.team([one]), made.shift()
    made.slot(team, day, one, "2026-12-02")
    with clock.at(at("2026-12-02 08:00")):
        actions.go_on(one)
    with clock.at(at("2026-12-02 19:00")):
        actions.end_due()
        # As the feed hands them over; it gives settled transactions only, and this one rolls back.
        told_of = Event.objects.filter(subject_kind="duty").values()
        telling._queue([dict(event) for event in told_of])
        while outbox.deliver_due():
            pass
        told, _ = notices.mine(one, unread=True, cursor=None, limit=10)
        assert [(each["kind"], each["action"], each["case"]) for each in told] == [
            ("duty", "duty.end", None)
        ]
        others = Notice.objects.filter(kind="duty").exclude(post=one.post_id)
        assert not others.exists()


# Leave and closures


def test_leave_is_a_span_and_nothing_else() -> None:
    assert {field.name for field in Leave._meta.concrete_fields} == {
        *("id", "account", "post", "kind", "first", "last", "state"),
        *("asked_at", "decided_at", "decided_by", "version"),
    }
    assert {choice[0] for choice in Leave._meta.get_field("kind").choices or ()} == {
        *("leave", "training"),
    }


def test_leave_is_granted_by_somebody_else() -> None:
    leader, one, stranger = worker(), worker(), worker()
    made.team([leader, one], leader=leader)
    days: dict[str, Any] = {"first": date(2026, 12, 7), "last": date(2026, 12, 8)}
    leave = actions.ask_leave(one, kind="leave", **days)
    with pytest.raises(Conflict):
        actions.ask_leave(one, kind="training", **days)
    assert queries.excluded(one.account_id or 0, date(2026, 12, 7)) == []
    for by in (one, stranger):
        with pytest.raises(NotAllowed):
            actions.decide_leave(by, leave.pk, grant=True)
    actions.decide_leave(leader, leave.pk, grant=True)
    with pytest.raises(WrongStage):
        actions.decide_leave(who("town"), leave.pk, grant=False)
    found = queries.excluded(one.account_id or 0, date(2026, 12, 8))
    assert [(each.kind, each.id) for each in found] == [("leave", leave.pk)]
    assert queries.excluded(one.account_id or 0, date(2026, 12, 9)) == []
    own = actions.ask_leave(leader, kind="leave", **days)
    with pytest.raises(NotAllowed):
        actions.decide_leave(leader, own.pk, grant=True)
    entered = actions.ask_leave(
        who("town"), kind="training", first=date(2026, 12, 20), last=date(2026, 12, 20),
        post=post_of(one),
    )  # fmt: skip
    assert entered.state == "granted"
    assert one.account_id not in {row["id"] for row in queries.leaves(stranger)}
    assert queries.leaves(stranger) == []


def test_a_closed_area_counts_against_nobody_there() -> None:
    here, there = worker(), worker(area=ELSEWHERE)
    town = who("town")
    closure = actions.close_area(
        town, region=region(TOWN), reason="rain", first=date(2026, 12, 2), last=date(2026, 12, 3)
    )
    found = queries.excluded(here.account_id or 0, date(2026, 12, 3))
    assert [(each.kind, each.reason) for each in found] == [("closure", "rain")]
    assert queries.excluded(there.account_id or 0, date(2026, 12, 3)) == []
    assert queries.excluded(town.account_id or 0, date(2026, 12, 3))
    assert queries.excluded(who("verify").account_id or 0, date(2026, 12, 3)) == []
    with pytest.raises(NotAllowed):
        actions.close_area(
            town, region=region(ELSEWHERE), reason="rain", first=date(2026, 12, 2),
            last=date(2026, 12, 3),
        )  # fmt: skip
    actions.cancel_closure(town, closure.pk)
    assert queries.excluded(here.account_id or 0, date(2026, 12, 3)) == []


def test_villages_nobody_covers() -> None:
    one, patrol = worker(), worker(area=TOWN)
    team, day = made.team([patrol], area=TOWN), made.shift()
    made.slot(team, day, patrol, "2026-12-02")

    def village(moment: str, code: str = VILLAGE) -> dict[str, Any]:
        found = queries.coverage(who("town"), at(moment))["villages"]
        row: dict[str, Any] = next(row for row in found if row["code"] == code)
        return row

    town = Region.objects.get(code=TOWN)
    rows = queries.coverage(who("town"))["villages"]
    assert {row["town_id"] for row in rows} == {town.pk}
    ahead = village("2026-12-02 09:00")
    assert (ahead["rostered"], ahead["covered"]) == (1, True)
    assert not village("2026-12-02 19:00")["covered"]
    with clock.at(at("2026-12-02 08:00")):
        assert not village("2026-12-02 08:00")["covered"]  # planned, but nobody came
        actions.go_on(patrol)
        now = village("2026-12-02 08:00")
        assert (now["own"], now["wider"], now["covered"]) == (0, 1, True)
        actions.go_on(one)
        assert village("2026-12-02 08:00")["own"] == 1
        first = queries.coverage(who("supervise"))["villages"][0]
        assert not first["covered"]  # the uncovered come first


def test_refusals_name_a_field() -> None:
    from datetime import time

    from mengding.duty.actions import ShiftData

    def refusal(**fields: Any) -> DomainError:
        data: dict[str, Any] = {
            "region": region(TOWN), "name": "晚班", "starts": time(18), "ends": time(22),
            "weekdays": [0],
        } | fields  # fmt: skip
        with pytest.raises(DomainError) as refused:
            actions.save_shift(who("town"), ShiftData(**data))
        return refused.value

    for fields, named in (
        ({"name": " "}, "name"),
        ({"name": "很长" * 20}, "name"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [7]}, "weekdays"),
        ({"days": "some"}, "days"),
        ({"starts": time(8, 0, 30)}, "starts"),
        ({"region": 10**12}, "region"),
    ):
        assert refusal(**fields).field == named
    actions.save_shift(who("town"), ShiftData(region(TOWN), "晚班", time(18), time(22), [0]))
    assert refusal().code == "name_taken"
