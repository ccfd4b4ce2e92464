"""A warning gets an owner; a case and an inspection are opened from it, each once, linked."""

from datetime import UTC, datetime, timedelta

import pytest

from mengding.cases.models import Case, Report
from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.errors import GuardFailed, Invalid, NotAllowed, WrongStage
from mengding.ledger.models import Event
from mengding.regions.models import Region
from mengding.tasks.actions import doing, findings
from mengding.tasks.actions.doing import VisitData
from mengding.tasks.models import FindingCase, Task
from mengding.tasks.queries import tasks
from mengding.tasks.tests.made import inspect, place
from mengding.warnings import actions, queries
from mengding.warnings.actions import CaseData, TaskData
from mengding.warnings.models import Alert, Status
from mengding.warnings.tests.test_warnings import DAY, NOW, cases, look

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


@pytest.fixture
def alert() -> Alert:
    """The same lamp three times."""
    cases("C0137", [1, 5, 9])
    look()
    return Alert.objects.get(kind="repeat", class_code="C0137", status="open")


def test_it_is_taken_by_a_named_owner_until_a_time(alert: Alert) -> None:
    with clock.at(NOW):
        assert queries.one(who("supervise"), alert.pk)["taken_at"] is None
        taken = actions.take(who("dispatch"), alert.pk)
    assert (taken.status, taken.post_id) == (Status.TAKEN, who("dispatch").post_id)
    assert taken.due_at == NOW + timedelta(hours=72), "as the settings have it"
    with clock.at(NOW + timedelta(hours=73)):
        shown = queries.one(who("supervise"), alert.pk)
    assert shown["late"]
    assert [step["action"] for step in shown["history"]] == ["warning.raise", "warning.take"]
    assert shown["history"][1]["to"] == shown["owner"]
    # A supervisor hands it on; another dispatcher does not take it away.
    with clock.at(NOW):
        own = who("supervise").post_id
        due = NOW + timedelta(days=2)
        actions.take(who("supervise"), alert.pk, post=own, due_at=due)
        with pytest.raises(GuardFailed) as refused:
            actions.take(who("dispatch"), alert.pk)
    assert refused.value.code == "warning_taken"
    alert.refresh_from_db()
    assert (alert.post_id, alert.due_at) == (own, due)


@pytest.mark.parametrize("field", ["due_at", "post"])
def test_what_is_wrong_about_an_owner_is_named(alert: Alert, field: str) -> None:
    due = NOW - timedelta(days=1) if field == "due_at" else None
    post = who("grid").post_id if field == "post" else None
    with clock.at(NOW), pytest.raises(Invalid) as bad:
        actions.take(who("supervise"), alert.pk, due_at=due, post=post)
    assert bad.value.field == field
    with pytest.raises(NotAllowed):
        actions.take(who("desk"), alert.pk)


def test_a_case_is_opened_from_it_once_and_leads_back(alert: Alert) -> None:
    by = who("supervise")
    with clock.at(NOW):
        with pytest.raises(Invalid) as bad:
            actions.open_case(by, alert.pk, CaseData(words=" "))
        assert bad.value.field == "words"
        row = actions.open_case(by, alert.pk, CaseData(words="同一盏路灯近一月报修三次。"))
        again = actions.open_case(by, alert.pk, CaseData(words="再点一次"))
    assert row.case_id == again.case_id is not None
    case = Case.objects.get(pk=row.case_id or 0)
    assert (case.channel, case.class_code, case.stage) == ("warning", "C0137", "received")
    report = Report.objects.get(case=case)
    assert (report.source, report.source_ref) == ("warning", str(alert.pk))
    assert case.cell is not None, "it lies where the square does"
    assert case.village_id == alert.region_id
    assert row.status == Status.TAKEN, "who follows it up owns it"
    with clock.at(NOW):
        assert queries.one(by, alert.pk)["opened"]["id"] == case.pk
    actions_ = Event.objects.filter(subject_kind="warning", subject_id=alert.pk)
    assert list(actions_.order_by("pk").values_list("action", flat=True)) == [
        *("warning.raise", "warning.take", "warning.case"),
    ]
    look(NOW + timedelta(hours=1))
    alert.refresh_from_db()
    assert (alert.observed, case.pk in alert.case_ids) == (3, False), "it does not count itself"


def test_somebody_is_sent_to_look_and_the_look_completes_the_task(alert: Alert) -> None:
    by, grid = who("supervise"), who("grid")
    village = Region.objects.get(code="511803102201").pk
    with clock.at(NOW):
        with pytest.raises(Invalid) as bad:
            actions.order_task(by, alert.pk, TaskData(words="", region=village))
        assert bad.value.field == "words"
        elsewhere = Region.objects.get(code="511803105").pk
        with pytest.raises(Invalid) as bad:
            actions.order_task(by, alert.pk, TaskData(words="x", region=elsewhere))
        assert bad.value.field == "region"
        row = actions.order_task(
            by, alert.pk, TaskData(words="看看配电箱", region=village, post=grid.post_id)
        )
        again = actions.order_task(by, alert.pk, TaskData(words="再点一次"))
        assert row.task_id == again.task_id is not None
        mine = {item["id"]: item for item in tasks.of_day(grid, None)["items"]}
        shown = mine[row.task_id]
        assert (shown["kind"], shown["order"], shown["origin"]) == ("look", "看看配电箱", "warning")
        assert shown["origin_id"] == alert.pk
        assert queries.one(by, alert.pk)["ordered"]["state"] == "ready"
        data = VisitData(
            kind="look", address="路灯旁", purpose="warning", result="found", task=row.task_id
        )
        _, done = doing.visit(grid, data)
        assert done is not None
        assert queries.one(by, alert.pk)["ordered"]["state"] == "completed"


def test_nobody_is_sent_where_nobody_would_learn_of_it(alert: Alert) -> None:
    by, grid = who("supervise"), who("grid")
    town = Region.objects.get(code="511803102")
    Alert.objects.filter(pk=alert.pk).update(region=town)
    with clock.at(NOW):
        for region in (None, town.pk):
            with pytest.raises(Invalid) as bad:
                actions.order_task(by, alert.pk, TaskData(words="去看看", region=region))
            assert bad.value.field == "region"
        # A grid worker who is named finds it in the own list, wherever it is.
        row = actions.order_task(by, alert.pk, TaskData(words="去看看", post=grid.post_id))
        assert row.task_id in {item["id"] for item in tasks.of_day(grid, None)["items"]}


@pytest.fixture
def overdue() -> Alert:
    """A hydrant without its hose, said to be mended, and not inspected again in time."""
    with clock.at(NOW):
        hydrant = place("W-2")
        inspect(hydrant, "hose", case=True)
        case = FindingCase.objects.get(finding__place=hydrant)
        findings.case_ended(case.case_id)
        due = Task.objects.get(finding=case.finding_id).due_at
    look(due + DAY)
    return Alert.objects.get(kind="overdue", key=f"finding:{case.finding_id}")


def test_a_hazard_overdue_again_is_sent_for_again(overdue: Alert) -> None:
    by = who("supervise")
    now = overdue.raised_at
    with clock.at(now):
        first = actions.order_task(by, overdue.pk, TaskData(words="请复查"))
        actions.decide(by, overdue.pk, real=True, words="已派人复查。")
    assert first.task is not None
    later = now + 20 * DAY
    assert look(later)["raised"] == 1
    again = Alert.objects.get(kind="overdue", key=overdue.key, status="open")
    with clock.at(later):
        row = actions.order_task(by, again.pk, TaskData(words="仍未复查"))
        assert row.task_id == first.task_id, "there is never a second one"
        shown = queries.one(by, again.pk)["ordered"]
        assert (shown["order"], shown["origin_id"], shown["state"]) == (
            *("仍未复查", again.pk, "ready"),
        )
        assert queries.one(by, overdue.pk)["ordered"]["id"] == first.task_id


@pytest.mark.parametrize("due", [datetime(year, 1, 1, tzinfo=UTC) for year in (2026, 2500, 9999)])
def test_a_re_inspection_is_not_put_off_for_long(overdue: Alert, due: datetime) -> None:
    task = Task.objects.get(finding=overdue.detail["finding"])
    data = TaskData(words="请复查", due_at=due)
    with clock.at(overdue.raised_at), pytest.raises(Invalid) as bad:
        actions.order_task(who("supervise"), overdue.pk, data)
    assert bad.value.field == "due_at"
    before = task.due_at
    task.refresh_from_db()
    assert task.due_at == before


def test_a_registered_place_is_inspected(alert: Alert) -> None:
    by = who("supervise")
    hydrant = place("W-1", "hydrant")
    with clock.at(NOW):
        row = actions.order_task(by, alert.pk, TaskData(words="查", place=hydrant.pk))
        Alert.objects.filter(pk=alert.pk).update(task=None)
        Task.objects.filter(pk=row.task_id or 0).update(origin="", origin_id=None)
        with pytest.raises(Invalid) as bad:
            actions.order_task(by, alert.pk, TaskData(words="查", place=10**9))
    assert bad.value.field == "place"
    task = Task.objects.get(pk=row.task_id or 0)
    assert (task.kind, task.place_id, task.post_id) == ("key_place", hydrant.pk, None)


def test_only_its_owner_or_a_supervisor_ends_it(alert: Alert) -> None:
    with clock.at(NOW):
        actions.take(who("supervise"), alert.pk)
        with pytest.raises(GuardFailed):
            actions.decide(who("dispatch"), alert.pk, real=False, words="不是")
        actions.decide(who("supervise"), alert.pk, real=True, words="已更换线路。")
        with pytest.raises(WrongStage):
            actions.open_case(who("supervise"), alert.pk, CaseData(words="x"))


def test_a_crowd_dismissed_today_is_raised_tomorrow() -> None:
    admin, machine = who("sysadmin"), who("dispatch")
    actions.add_spot(admin, code="hill", name="蒙顶山", region_code="511803102", capacity=100)

    def crowd(at: datetime, people: int) -> None:
        with clock.at(at):
            since = at - timedelta(minutes=5)
            actions.count(machine, code="hill", people_count=people, since=since, until=at)

    crowd(NOW, 85)
    with clock.at(NOW):
        first = Alert.objects.get(kind="crowd", key="hill:2")
        actions.decide(who("supervise"), first.pk, real=False, words="节日活动，已有安排。")
    crowd(NOW + timedelta(hours=1), 86)
    assert Alert.objects.filter(kind="crowd", key="hill:2").count() == 1
    crowd(NOW + timedelta(days=1), 86)
    assert Alert.objects.filter(kind="crowd", key="hill:2").count() == 2
    with clock.at(NOW + timedelta(days=1)):
        again = queries.one(who("supervise"), Alert.objects.latest("pk").pk)
    assert again["course"]["limits"] == [60, 80, 100]
    assert again["course"]["usual"][-1] == 85.0
