"""Plans make tasks, work completes them, nobody fills in anything twice."""

from datetime import timedelta
from typing import Any

import pytest

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.stages import Channel
from mengding.cases.tests.made import spot, who
from mengding.core import clock
from mengding.core.errors import Conflict, GuardFailed, Invalid, NotAllowed, NotFound, WrongStage
from mengding.duty import actions as duty
from mengding.duty.models import Leave
from mengding.ledger import feed
from mengding.ledger.models import Event
from mengding.people.models import Post
from mengding.regions.models import Region
from mengding.tasks import following
from mengding.tasks.actions import doing, editions, generate, plans
from mengding.tasks.actions.doing import VisitData
from mengding.tasks.actions.plans import PlanData
from mengding.tasks.models import Deed, Plan, Task, Visit
from mengding.tasks.queries import editions as catalogue
from mengding.tasks.queries import overview, tasks
from mengding.tasks.recurrence import LOCAL, Hours, RecurEvery, Recurrence
from mengding.tasks.states import TaskState
from mengding.tasks.tests.made import VILLAGE, place, plan, tasks_of, today

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _noon() -> Any:
    """At noon of some day: a window of a day holds what the test does."""
    noon = clock.now().astimezone(LOCAL).replace(hour=12, minute=0, second=0)
    with clock.at(noon):
        yield


def visited(**fields: Any) -> tuple[Visit, Task | None]:
    given: dict[str, Any] = {
        "kind": "household_visit",
        "address": "三组12号",
        "purpose": "notice",
        "result": "met",
    }
    return doing.visit(who("grid"), VisitData(**given | fields))


def reported(code: str = "C0101") -> int:
    lon, lat = spot(VILLAGE)
    message = Message(text="井盖松动", channel=Channel.GRID, class_code=code, lon=lon, lat=lat)
    return int(cases.receive(who("grid"), message).case_id)


def followed() -> None:
    """What the ledger's feed tells, also of events of this transaction, which it would wait for."""
    events = Event.objects.order_by("xact", "pk").values(
        "id", "xact", "subject_kind", "subject_id", "seq", "at", "actor_kind", "account_id",
        "post_id", "action", "before", "after", "words_id",
    )  # fmt: skip
    following._handle([dict(event) for event in events])


# Plans


def test_a_plan_makes_its_tasks_once() -> None:
    row = plan(times=2)
    made = Task.objects.filter(plan=row).count()
    assert made == 2 * 15  # today and the fourteen days to come
    assert generate.generate(row.pk) == 0
    assert Task.objects.filter(plan=row).count() == made
    with clock.at(clock.now() + timedelta(days=1)):
        assert generate.generate(row.pk) == 2
        assert generate.generate_all() == 0


def test_a_change_touches_only_what_has_not_begun() -> None:
    row = plan()
    begun = tasks_of(row)[0]
    data = PlanData(
        name="改后",
        kind="legal",
        who="workers",
        region=VILLAGE,
        starts_on=row.starts_on,
        recurrence=Recurrence(RecurEvery.DAY, 2),
        hours=Hours(9 * 60, 18 * 60),
    )
    plans.update(who("sysadmin"), row.pk, data, version=1)
    begun.refresh_from_db()
    assert (begun.kind, begun.day) == ("household_visit", today())
    later = Task.objects.filter(plan=row, day__gt=today())
    assert {task.kind for task in later} == {"legal"}
    assert {(task.day - today()).days % 2 for task in later} == {0}
    with pytest.raises(Conflict):
        plans.update(who("sysadmin"), row.pk, data, version=1)
    plans.end(who("sysadmin"), row.pk)
    assert list(Task.objects.filter(plan=row)) == [begun]
    assert generate.generate(row.pk) == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "care_visit"}, "kind"),
        ({"kind": "nothing"}, "kind"),
        ({"name": " "}, "name"),
        ({"region": "999999"}, "region"),
        ({"times": 0}, "times"),
        ({"who": "posts"}, "posts"),
        ({"who": "team"}, "team"),
        ({"kind": "key_place"}, "place_kind"),
        ({"hours": Hours(600, 600)}, "closes"),
        ({"recurrence": Recurrence(n=0)}, "n"),
    ],
)
def test_what_is_wrong_with_a_plan_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        plan(**fields)
    assert error.value.field == field
    assert not Plan.objects.exists()


def test_a_plan_lies_in_the_planners_area() -> None:
    data = PlanData(name="x", kind="legal", who="villages", region=VILLAGE, starts_on=today())
    with pytest.raises(NotAllowed):
        plans.create(who("grid"), data)


def test_places_each_get_a_task() -> None:
    first, second = place("h-1"), place("h-2")
    row = plan("key_place", who="villages", place_kind="hydrant")
    assert {task.place_id for task in tasks_of(row)} == {first.pk, second.pk}
    assert all(task.post_id is None for task in tasks_of(row))


def test_leave_calls_off_and_makes_none() -> None:
    post = Post.objects.get(account__username="grid")
    row = plan()
    tomorrow = today() + timedelta(days=1)
    Leave.objects.create(
        account_id=post.account_id, post=post, kind="leave", state="granted",
        first=tomorrow, last=tomorrow, asked_at=clock.now(),
    )  # fmt: skip
    assert generate.excuse() == 1
    assert [task.cancel_code for task in tasks_of(row, tomorrow)] == ["leave"]
    assert not tasks_of(plan("legal"), tomorrow)
    assert generate.excuse() == 0


# Completing


def test_a_visit_is_its_own_record() -> None:
    row = plan()
    visit, task = visited()
    assert task == tasks_of(row)[0]
    deed = Deed.objects.get(task=task)
    event = Event.objects.get(pk=deed.event_id)
    assert (event.subject_kind, event.subject_id, event.action) == (
        "visit", visit.pk, "visit.record",
    )  # fmt: skip
    assert "三组" not in str(event.after)
    shown = tasks.one(who("grid"), task.pk)
    assert (shown["state"], shown["credited_by"]) == ("completed", "visit.record")
    # One more than planned counts as well, and takes nothing from the plan.
    assert visited()[1] is None
    assert Deed.objects.filter(kind="household_visit").count() == 2


def test_a_visit_holds_nothing_about_people() -> None:
    assert {field.name for field in Visit._meta.concrete_fields} == {
        *("id", "district", "town", "village", "grid", "kind", "address", "purpose", "result"),
        *("at", "account_id", "erased_at"),
    }
    visit, _ = visited()
    with clock.at(clock.now() + timedelta(days=doing.KEEP_DAYS + 1)):
        assert doing.erase_addresses() == 1
    visit.refresh_from_db()
    assert visit.address == ""


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "sign_in"}, "kind"),
        ({"address": " "}, "address"),
        ({"purpose": "x"}, "purpose"),
        ({"result": "x"}, "result"),
        ({"region": "999"}, "region"),
    ],
)
def test_what_is_wrong_with_a_visit_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        visited(**fields)
    assert error.value.field == field


def test_in_time_the_work_counts_late_a_reason_does() -> None:
    row = plan("incident", hours=Hours(8 * 60, 13 * 60, late_days=2))
    task = tasks_of(row)[0]
    with pytest.raises(GuardFailed) as error:
        doing.complete_late(who("grid"), task.pk, reason="x")
    assert error.value.code == "counts_itself"
    with clock.at(clock.now() + timedelta(hours=5)):
        with pytest.raises(GuardFailed) as error:
            doing.complete_late(who("grid"), task.pk, reason=" ")
        assert error.value.field == "reason"
        done = doing.complete_late(who("grid"), task.pk, reason="暴雨，道路封闭。")
        assert (done.status, done.late) == ("completed", True)
        assert done.done_event is not None
        event = Event.objects.get(pk=done.done_event)
        assert event.words is not None
        assert event.words.text == "暴雨，道路封闭。"
        assert "暴雨" not in str(event.after)
        with pytest.raises(WrongStage):
            doing.complete_late(who("grid"), task.pk, reason="x")
    other = tasks_of(row, today() + timedelta(days=1))[0]
    with clock.at(other.until_at + timedelta(minutes=1)), pytest.raises(WrongStage):
        doing.complete_late(who("grid"), other.pk, reason="x")


def test_what_arrives_late_was_done_in_time() -> None:
    row = plan(hours=Hours(8 * 60, 13 * 60))
    done = clock.now()
    with clock.at(done + timedelta(days=2)):
        _, task = visited(at=done)
        assert task is not None
        assert (task.day, task.late, task.done_at) == (
            done.astimezone(LOCAL).date(),
            False,
            done,
        )
        assert task.received_at == clock.now()
    assert task.plan_id == row.pk


def test_others_tasks_are_not_there() -> None:
    mine = tasks_of(plan())[0]
    for other in ("mediate", "supervise"):
        with pytest.raises((NotFound, NotAllowed)):
            doing.complete_late(who(other), mine.pk, reason="x")
    with pytest.raises(NotAllowed):
        doing.cancel(who("grid"), mine.pk, reason="x")


def test_calling_off_needs_a_reason() -> None:
    task = tasks_of(plan())[0]
    with pytest.raises(Invalid):
        doing.cancel(who("supervise"), task.pk, reason="")
    assert doing.cancel(who("supervise"), task.pk, reason="闭园").status == "cancelled"
    assert doing.cancel(who("supervise"), task.pk, reason="又").status == "cancelled"
    assert Event.objects.filter(subject_kind="task", subject_id=task.pk).count() == 1
    visit, credited = visited()
    assert credited is None
    assert visit.pk


# What the ledger tells


def test_work_done_counts_itself() -> None:
    kinds = ("sign_in", "incident", "hazard", "mediation", "feedback")
    rows = {kind: tasks_of(plan(kind))[0] for kind in kinds}
    duty.go_on(who("grid"))
    for code in ("C0101", "E0703", "S0102", "S0401"):
        reported(code)
    followed()
    for kind, task in rows.items():
        task.refresh_from_db()
        assert task.status == "completed", kind
        assert task.done_event is not None
        event = Event.objects.get(pk=task.done_event)
        assert event.account_id == who("grid").account_id
        assert event.action == ("duty.on" if kind == "sign_in" else "case.receive")
    count = Deed.objects.count()
    followed()  # a reader that begins again
    assert Deed.objects.count() == count == 5


def test_a_desk_takes_calls_but_that_is_no_task() -> None:
    lon, lat = spot(VILLAGE)
    cases.receive(who("desk"), Message(text="井盖", class_code="C0101", lon=lon, lat=lat))
    followed()
    assert not Deed.objects.exists()


def test_work_before_the_plan_counts_for_it() -> None:
    reported()
    followed()
    deed = Deed.objects.get()
    assert deed.task is None
    task = tasks_of(plan("incident"))[0]
    assert (task.status, task.done_event) == ("completed", deed.event_id)


def test_old_events_of_an_import_count_for_nothing() -> None:
    with clock.at(clock.now() - timedelta(days=20)):
        reported()
    followed()
    assert not Deed.objects.exists()
    assert feed.tail() is not None


# Reading


def test_my_day_in_the_order_of_its_windows() -> None:
    start = today()
    with clock.at(clock.now() - timedelta(days=1)):
        evening = plan("legal", starts_on=start, hours=Hours(17 * 60, 20 * 60))
        morning = plan(starts_on=start, hours=Hours(8 * 60, 11 * 60, late_days=2))
    shown = tasks.of_day(who("grid"), None)
    assert [(each["plan"], each["state"]) for each in shown["items"]] == [
        (morning.pk, "missed"),
        (evening.pk, "draft"),
    ]
    with clock.at(clock.now() + timedelta(days=1)):
        assert [each["plan"] for each in tasks.of_day(who("grid"), None)["late"]] == [
            morning.pk,
            evening.pk,
        ]


@pytest.mark.parametrize("hours", [0, 1, 5, 30, 24 * 5])
def test_a_state_and_its_condition_agree(hours: int) -> None:
    plan(hours=Hours(11 * 60, 16 * 60, late_days=2))
    visited()
    for task in tasks_of(plan("legal"))[:1]:
        doing.cancel(who("supervise"), task.pk, reason="x")
    now = clock.now() + timedelta(hours=hours)
    by_query = {
        state: set(Task.objects.filter(tasks.in_state(state, now)).values_list("pk", flat=True))
        for state in TaskState
    }
    for task in Task.objects.all():
        assert [s for s, found in by_query.items() if task.pk in found] == [tasks.state(task, now)]


def test_what_was_planned_and_done_in_each_village() -> None:
    plan()
    visited()
    found = overview.villages(who("supervise"), today() - timedelta(days=6), today())
    known = dict(Region.objects.filter(level="village").values_list("pk", "code"))
    assert [known[pk] for pk, row in found.items() if row["visits"]] == [VILLAGE]
    here = next(row for pk, row in found.items() if known[pk] == VILLAGE)
    assert (here["visits"], here["planned"], here["completed"], here["missed"]) == (1, 1, 1, 0)
    town = overview.villages(who("town"), today(), today())
    assert 0 < len(town) < len(found)


# The catalogue


def test_each_change_of_the_catalogue_is_a_version() -> None:
    base = catalogue.edition_in_force()
    document = catalogue.document()
    kind = dict(next(each for each in document["kinds"] if each["code"] == "legal"))
    kind["zh"] = "普法宣传"
    task = tasks_of(plan("legal"))[0]
    row = editions.put_part(who("sysadmin"), "kinds", "legal", kind, base=base)
    assert row.version == base + 1
    assert catalogue.catalogue().kind("legal").text.zh == "普法宣传"
    assert catalogue.catalogue(base).kind("legal").text.zh == "法治宣传"
    assert task.edition_id == base
    with pytest.raises(Conflict):
        editions.put_part(who("sysadmin"), "kinds", "legal", kind, base=base)
    with pytest.raises(NotAllowed):
        editions.put_part(who("supervise"), "kinds", "legal", kind, base=base + 1)
    lists = next(each for each in document["checklists"] if each["code"] == "hydrant")
    lists["items"][0]["class_code"] = "X9999"
    with pytest.raises(Invalid) as error:
        editions.put_part(who("sysadmin"), "checklists", "hydrant", lists, base=base + 1)
    assert error.value.field == "checklists.0.items.0.class_code"
