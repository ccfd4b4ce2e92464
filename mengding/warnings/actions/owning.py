"""What becomes of a warning: an owner with a due time, a case, an inspection, an end with words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.stages import Channel
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import GuardFailed, Invalid, WrongStage
from mengding.core.text import T
from mengding.ledger.actions import Entry, keep_words, record
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import ROLES, require
from mengding.regions import cells, locate
from mengding.tasks.actions import ordering
from mengding.tasks.actions.ordering import OrderData
from mengding.warnings import queries
from mengding.warnings.kinds import Kind
from mengding.warnings.models import LIVE, Alert, Status
from mengding.warnings.queries.rules import rules_for

SOURCE = "warning"  # of the report and of the task: both lead back to the warning
LONGEST = 2000
LATEST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class CaseData:
    """`class_code` where the warning has none, or another fits better."""

    words: str
    class_code: str = ""


@dataclass(frozen=True, slots=True)
class TaskData:
    """`place`: a registered place to inspect; `region`: the village where somebody looks around,
    the warning's own when empty; `post`: the grid worker, None for whoever of the village, which
    has to be known then."""

    words: str
    place: int | None = None
    region: int | None = None
    post: int | None = None
    due_at: datetime | None = None


@transaction.atomic
def take(
    actor: Actor, alert_id: int, *, due_at: datetime | None = None, post: int | None = None
) -> Alert:
    """Make it somebody's: one's own, or another post's (`post`). It has one owner from then on;
    the owner or a supervisor may hand it on. `due_at`: else as the district's settings have it."""
    row = _live(actor, alert_id)
    if row.status == Status.TAKEN:
        _require_owner(actor, row)
    _take(actor, row, _owner(row, post) if post is not None else None, due_at)
    return row


def _take(actor: Actor, row: Alert, post: Post | None, due_at: datetime | None) -> None:
    now = clock.now()
    if due_at is None:
        hours = rules_for(row.region_id).number(Kind(row.kind), "hours")
        due_at = now + timedelta(hours=hours)
    elif not now < due_at <= now + LATEST:
        raise Invalid(
            "due_bad",
            T("时限应在今后 60 天内。", "The deadline lies within the next 60 days."),
            field="due_at",
        )
    if post is None and actor.post_id is None:
        raise Invalid("owner_missing", T("请选择负责人。", "Choose an owner."), field="post")
    before = {"status": row.status, "post": row.post_id}
    row.status, row.taken_at, row.due_at = Status.TAKEN.value, now, due_at
    row.post_id = post.pk if post is not None else actor.post_id
    row.organisation_id = post.organisation_id if post is not None else actor.org_id or 0
    row.save(update_fields=["status", "taken_at", "due_at", "post", "organisation"])
    after = {"status": row.status, "post": row.post_id, "due_at": due_at.isoformat()}
    record(actor, Entry("warning", row.pk, "warning.take", before=before, after=after))


def _owner(row: Alert, post: int) -> Post:
    """A post that may decide, in whose area the warning lies."""
    found = Post.objects.filter(pk=post, active=True, role__in=ROLES["warnings.decide"]).first()
    if found is None or not people.within(row.region_id, found.region_id):
        raise Invalid(
            "owner_unknown",
            T("请选择本区域的派遣员或督办员。", "Choose a dispatcher or supervisor of the area."),
            field="post",
        )
    return found


def _live(actor: Actor, alert_id: int) -> Alert:
    """The warning, locked, not decided yet."""
    require(actor, "warnings.decide")
    if not queries.visible(actor).filter(pk=alert_id).exists():
        raise queries.unknown()
    row = Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    if row.status not in LIVE:
        raise WrongStage("warning_decided", T("已处理。", "It is decided already."))
    return row


def _require_owner(actor: Actor, row: Alert) -> None:
    if row.post_id == actor.post_id or actor.role is Role.SUPERVISOR:
        return
    holder = Post.objects.filter(pk=row.post_id or 0).values_list("account__name", flat=True)
    raise GuardFailed(
        "warning_taken",
        T("已由{name}负责。", "{name} has taken it.").fill(name=holder.first() or "?"),
    )


def _own(actor: Actor, alert_id: int) -> Alert:
    """The warning, locked and the actor's: who follows it up first takes it."""
    row = _live(actor, alert_id)
    if row.status == Status.OPEN:
        _take(actor, row, None, None)
    else:
        _require_owner(actor, row)
    return row


@transaction.atomic
def open_case(actor: Actor, alert_id: int, data: CaseData) -> Alert:
    """An ordinary case, with the warning as its source. Again: the same case.

    It lies where the warning does: at the middle of its square, else in its division.
    """
    row = _own(actor, alert_id)
    if row.case_id is not None:
        return row
    code = data.class_code or row.class_code
    if not code:
        raise Invalid("class_missing", T("请选择类别。", "Choose a class."), field="class_code")
    if not data.words.strip():
        raise Invalid("words_missing", T("请描述问题。", "Describe the matter."), field="words")
    lon, lat = _point(row)
    report = cases.receive(
        actor,
        Message(
            text=data.words.strip(),
            channel=Channel.WARNING,
            class_code=code,
            lon=lon,
            lat=lat,
            region_code=locate.chain(row.region_id).path.split(".")[-1],
            source=SOURCE,
            source_ref=str(row.pk),
        ),
    )
    row.case_id = report.case_id
    row.save(update_fields=["case"])
    after = {"case": report.case_id, "kind": row.kind, "class_code": code}
    record(actor, Entry("warning", row.pk, "warning.case", after=after))
    return row


def _point(row: Alert) -> tuple[float | None, float | None]:
    if row.cell is None or "zoom" not in row.detail:
        return None, None
    west, south, east, north = cells.bounds(row.cell, int(row.detail["zoom"]))
    return (west + east) / 2, (south + north) / 2


@transaction.atomic
def order_task(actor: Actor, alert_id: int, data: TaskData) -> Alert:
    """An inspection of a place, or a look around, for a grid worker. Again: the same task, unless
    it was called off. Of an overdue re-inspection it is that very re-inspection, given again."""
    row = _own(actor, alert_id)
    if row.task is not None and row.task.status != "cancelled":
        return row
    assert row.due_at is not None  # it is taken
    order = OrderData(
        region=data.region or row.region_id,
        due_at=data.due_at or max(row.due_at, clock.now() + timedelta(hours=1)),
        words=data.words,
        origin=SOURCE,
        origin_id=row.pk,
        place=data.place,
        post=data.post,
    )
    if not people.within(order.region, row.region_id):
        raise Invalid(
            "region_elsewhere",
            T("请选择预警所在区域内的村。", "Choose a division inside the warning's."),
            field="region",
        )
    finding = row.detail.get("finding") if row.kind == Kind.OVERDUE else None
    task = ordering.order_recheck(actor, finding, order) if finding else None
    row.task = task or ordering.order(actor, order)
    row.save(update_fields=["task"])
    after = {"task": row.task.pk, "kind": row.kind, "class_code": row.class_code}
    record(actor, Entry("warning", row.pk, "warning.task", after=after))
    return row


@transaction.atomic
def decide(actor: Actor, alert_id: int, *, real: bool, words: str) -> Alert:
    """Done (it was real, and what was done), or dismissed as a false alarm, with the reason."""
    row = _live(actor, alert_id)
    if row.status == Status.TAKEN:
        _require_owner(actor, row)
    if not words.strip() or len(words) > LONGEST or "\x00" in words:
        raise Invalid(
            "words_missing",
            T("请写明理由，最多 2000 字。", "Say why, in at most 2,000 characters."),
            field="words",
        )
    row.status = Status.DONE.value if real else Status.DISMISSED.value
    row.decided_at, row.decided_by = clock.now(), actor.account_id
    row.words = keep_words(words.strip())
    row.save(update_fields=["status", "decided_at", "decided_by", "words"])
    action = "warning.done" if real else "warning.dismiss"
    after = {"kind": row.kind, "class_code": row.class_code}
    record(actor, Entry("warning", row.pk, action, after=after, words=row.words))
    return row
