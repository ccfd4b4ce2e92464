"""Two months of one grid worker's planned visits, the settled one frozen and appealed against."""

from datetime import date, datetime, time, timedelta

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.people.models import Post
from mengding.scores import actions as evaluation
from mengding.scores import gathering, periods, queries
from mengding.tasks.actions import plans
from mengding.tasks.actions.doing import VisitData, visit
from mengding.tasks.actions.generate import generate
from mengding.tasks.actions.plans import PlanData
from mengding.tasks.models import Task
from mengding.tasks.queries import editions
from mengding.tasks.recurrence import Hours, RecurEvery, Recurrence

KIND = "community"
PLACES = ("水月村 2 组院坝", "水月村村委会", "水月村 5 组路口", "水月村茶叶合作社", "水月村 1 组")


def tell(by: dict[str, Actor]) -> None:
    """Everything happens at its own time, through the ordinary actions."""
    today = queries.today()
    settled = gathering.month_of(gathering.month_of(today - periods.SETTLE) - timedelta(days=1))
    _work(by, settled, gathering.following(settled) - timedelta(days=1))
    this = gathering.month_of(today)
    if today.day > 2:
        _work(by, this, today - timedelta(days=1))
    opened = gathering.following(settled) + periods.SETTLE
    with clock.at(min(clock.now(), _at(opened, 3))):
        periods.freeze(SYSTEM, settled)
    _appeal(by, settled, opened)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), gathering.LOCAL)


def _work(by: dict[str, Actor], first: date, last: date) -> None:
    """A visit every Monday, Wednesday and Friday; one is late, one was missed."""
    boss, worker = by["supervise"], by["grid"]
    post = Post.objects.get(account__username="grid")
    with clock.at(_at(first, 1)):
        row = plans.create(
            boss,
            PlanData(
                name=f"平安宣传 {first:%Y-%m}",
                kind=KIND,
                who="posts",
                region="511803102201",
                posts=(post.pk,),
                starts_on=first,
                ends_on=last,
                recurrence=Recurrence(every=RecurEvery.WEEK, weekdays=(1, 3, 5)),
                hours=Hours(opens=8 * 60, closes=18 * 60),
            ),
        )
    for day in (first, first + timedelta(days=13), first + timedelta(days=26)):
        if day <= last:
            with clock.at(_at(day, 1)):
                generate(row.pk)
    kind = editions.catalogue().kind(KIND)
    for number, task in enumerate(Task.objects.filter(plan=row).order_by("day")):
        if number == 4:
            continue  # missed
        hours = 34 if number == 7 else 10  # one is done the next morning
        with clock.at(_at(task.day, 0) + timedelta(hours=hours)):
            visit(
                worker,
                VisitData(
                    kind=KIND,
                    address=PLACES[number % len(PLACES)],
                    purpose=kind.purposes[number % len(kind.purposes)].code,
                    result=kind.results[0].code,
                    task=task.pk,
                    reason="前一日村里停电，改到次日上午。" if hours > 24 else "",
                ),
            )


def _appeal(by: dict[str, Actor], settled: date, opened: date) -> None:
    """The worker objects to the missed one; the first review is given."""
    worker = by["grid"]
    figures = queries.newest(settled, worker.account_id)
    if not figures:
        return
    lacking = sorted(queries.against(figures[0].document))
    now = clock.now()
    with clock.at(min(now, _at(opened, 9))):
        row = evaluation.appeal(
            worker, figures[0].pk, lacking[:1], "当天进村道路塌方封闭，镇上通知不要上山。"
        )
    with clock.at(min(now, _at(opened + timedelta(days=1), 10))):
        evaluation.review(
            by["supervise"], row.pk, turn=1, grants=True, reason="与镇上道路封闭通知一致。"
        )
