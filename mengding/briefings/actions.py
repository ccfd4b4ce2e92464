"""Making, remarking, signing and withdrawing briefings; templates and schedules."""

import hashlib
import json
import logging
from datetime import date, datetime
from pathlib import Path
from time import sleep
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from mengding.briefings import queries
from mengding.briefings.blocks import printable
from mengding.briefings.filling import RATES, ZONE, Filler, days_of
from mengding.briefings.models import Briefing, Kind, Schedule, Status, Template
from mengding.briefings.template import check
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, Level
from mengding.core.errors import Conflict, GuardFailed, Invalid, NotAllowed
from mengding.core.text import T
from mengding.evidence.store import store
from mengding.indicators import actions as counting
from mengding.indicators import queries as indicators
from mengding.ledger.actions import Entry, erase_words, keep_words, record
from mengding.people.queries import account_names
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.models import Region

log = logging.getLogger(__name__)

BUNDLED = Path(__file__).parent / "data" / "templates.json"
LONGEST = 2000
PATIENCE = 60  # s for the numbers to catch up
# Periods, the newest among them, that the schedule makes after the server was away.
LOOK_BACK = {"day": 7, "week": 4, "month": 2}
_BEGINNING = date(2000, 1, 1)


@transaction.atomic
def save_template(
    actor: Actor, *, code: str, kind: str, name: str, spec: Any, version: int = 0
) -> Template:
    """The next version of a template; `version`: the one it was made from, 0 for a new code.

    All divisions share a template, so no post of a town or village changes it. `Invalid` names the
    place in the template; `Conflict` when somebody saved another meanwhile.
    """
    require(actor, "briefings.templates")
    if actor.level not in (None, Level.DISTRICT):
        raise NotAllowed(
            "template_of_district",
            T("模板全区共用，由区级修改。", "The whole district shares it: its centre changes it."),
        )
    name, spec = printable(name), printable(spec)
    check(spec, RATES)
    if kind not in Kind.values:
        raise Invalid("kind_unknown", T("没有这个种类。", "No such kind."), field="kind")
    if not code.isidentifier() or len(code) > 30:
        raise Invalid(
            "code_invalid",
            T(
                "代码用字母、数字和下划线，最多 30 个。",
                "Letters, digits, underscores; 30 at most.",
            ),
            field="code",
        )
    if not name.strip() or len(name) > 80:
        raise Invalid("name_missing", T("请填写名称。", "Give it a name."), field="name")
    newest = Template.objects.filter(code=code).aggregate(newest=Max("version"))["newest"] or 0
    if newest != version:
        raise _changed(newest)
    try:
        with transaction.atomic():
            made = Template.objects.create(
                code=code, version=version + 1, kind=kind, name=name.strip(), spec=spec,
                created_at=clock.now(),
            )  # fmt: skip
    except IntegrityError as error:  # two at the same moment
        raise _changed(version + 1) from error
    record(
        actor,
        Entry(
            "briefing_form", made.pk, "briefing.save_template",
            before={"version": version}, after={"code": code, "version": version + 1},
        ),
    )  # fmt: skip
    return made


def _changed(current: int) -> Conflict:
    return Conflict(
        "template_changed",
        T("模板已被他人修改，请重新载入。", "Somebody else changed the template: load it again."),
        field="version",
        current=current,
    )


def install_default(actor: Actor) -> None:
    """The templates that come with the product, those that are not there yet."""
    for each in json.loads(BUNDLED.read_text("utf-8")):
        if not Template.objects.filter(code=each["code"]).exists():
            save_template(actor, **each)


@transaction.atomic
def set_schedule(actor: Actor, *, template: str, region: int, active: bool) -> Schedule:
    """Make a briefing of this template for this division each time its period is over, or stop."""
    require(actor, "briefings.templates", locate.chain(region))
    held = queries.template(template)
    today = clock.now().astimezone(ZONE).date()
    row, new = Schedule.objects.get_or_create(
        template_code=held.code, region_id=region, defaults={"active": active, "since": today}
    )
    if not new and row.active != active:
        row.active, row.since = active, today
        row.save()
    record(
        actor,
        Entry(
            "briefing_form", held.pk, "briefing.schedule",
            after={"region": region, "active": active},
        ),
    )  # fmt: skip
    return row


@transaction.atomic
def make(
    actor: Actor, *, template: str, region: int, day: date | None = None, remake: int | None = None
) -> Briefing:
    """The briefing of the day, week or month that was over on the morning of `day` (today).

    Where there is one already: `Conflict` with its id in `existing`. `remake`: id of a draft whose
    numbers are counted anew.
    """
    require(actor, "briefings.make", locate.chain(region))
    held = queries.template(template)
    place = Region.objects.get(pk=region)
    today = clock.now().astimezone(ZONE).date()
    if day is not None and not _BEGINNING <= day <= today:
        raise Invalid("day_invalid", T("日期应在今天以前。", "A day up to today."), field="day")
    days = days_of(held.kind, day or today)
    there = (
        Briefing.objects.select_for_update()
        .filter(template__code=held.code, region=place, since=days.since)
        .exclude(status=Status.WITHDRAWN)
        .first()
    )
    if there is not None and there.pk != remake:
        raise Conflict(
            "briefing_exists",
            T("这一期已经有了。", "There is one of this period already."),
            field="day",
            existing=there.pk,
        )
    if there is not None and there.status != Status.DRAFT:
        raise GuardFailed("briefing_signed", _SIGNED)
    document = Filler(place, held.kind, days).fill(check(held.spec, RATES)).to_json()
    row = there or Briefing(region=place, kind=held.kind, since=days.since, until=days.until)
    row.template, row.document, row.made_at = held, document, clock.now()
    row.made_by = actor.account_id  # also of a draft counted anew: its numbers are this actor's
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # another worker was first
        raise Conflict(
            "briefing_exists",
            T("这一期已经有了。", "There is one of this period already."),
            field="day",
        ) from error
    record(
        actor,
        Entry(
            "briefing", row.pk, "briefing.make",
            after={
                "template": held.code, "version": held.version, "region": region,
                "since": days.since.isoformat(), "digest": queries.digest(document),
            },
        ),
    )  # fmt: skip
    return row


_SIGNED = T("已签发，不能再改；可以撤回后重做。", "It is signed: withdraw it and make another.")


def _locked(actor: Actor, action: str, briefing_id: int) -> Briefing:
    queries.briefing(actor, briefing_id)  # `NotFound` for what lies elsewhere
    row = Briefing.objects.select_for_update().get(pk=briefing_id)
    require(actor, action, locate.chain(row.region_id))
    return row


@transaction.atomic
def remark(actor: Actor, briefing_id: int, *, text: str) -> Briefing:
    """The editor's words before the numbers; an empty text takes them away."""
    row = _locked(actor, "briefings.make", briefing_id)
    if row.status != Status.DRAFT:
        raise GuardFailed("briefing_signed", _SIGNED)
    text = printable(text)
    if len(text) > LONGEST:
        raise Invalid("too_long", T("最多 2000 字。", "2,000 characters at most."), field="text")
    before = row.remark_id
    row.remark = keep_words(text.strip()) if text.strip() else None
    row.save(update_fields=["remark"])
    record(
        actor,
        Entry("briefing", row.pk, "briefing.remark", words=row.remark or ""),
    )
    if before is not None:
        erase_words(actor, "briefing", row.pk, [before])
    return row


@transaction.atomic
def sign(actor: Actor, briefing_id: int, *, seen: str) -> Briefing:
    """签发: from now on it is as it is, and both files are kept. Not by who made it.

    `seen`: `queries.shown_digest` of what the signer read; `Conflict` when it has changed since.
    """
    row = _locked(actor, "briefings.sign", briefing_id)
    if row.status != Status.DRAFT:
        raise GuardFailed("not_a_draft", T("不是待签发的简报。", "It is no draft."))
    if row.made_by is not None and row.made_by == actor.account_id:
        raise NotAllowed(
            "own_briefing",
            T("生成人不能签发自己的简报。", "Who made it does not sign it."),
        )
    if seen != queries.shown_digest(row):
        raise Conflict(
            "briefing_changed",
            T(
                "内容在您查看之后有改动，请重新阅读后签发。",
                "It has changed since you read it: read it again, then sign.",
            ),
            field="seen",
        )
    from mengding.briefings.rendering import render  # heavy: see there

    row.status, row.signed_at, row.signed_by = Status.SIGNED, clock.now(), actor.account_id
    document = queries.whole(row)
    name = account_names([row.signed_by or 0]).get(row.signed_by or 0, "")
    for kind in ("pdf", "docx"):
        data = render(document, kind, draft="", signed=signature(name, row.signed_at))
        sha256 = hashlib.sha256(data).hexdigest()
        store().put(queries.key_of(sha256), [data])
        setattr(row, f"{kind}_sha256", sha256)
    row.save()
    record(
        actor,
        Entry(
            "briefing", row.pk, "briefing.sign",
            before={"status": Status.DRAFT.value},
            after={
                "status": Status.SIGNED.value, "digest": queries.digest(row.document),
                "pdf": row.pdf_sha256, "docx": row.docx_sha256,
            },
        ),
    )  # fmt: skip
    return row


def signature(name: str, at: datetime) -> str:
    """The last line of a signed briefing."""
    return f"签发：{name}　{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


@transaction.atomic
def withdraw(actor: Actor, briefing_id: int, *, reason: str) -> Briefing:
    """撤回: it stays readable, marked, and another of its period may be made."""
    row = _locked(actor, "briefings.sign", briefing_id)
    if not reason.strip():
        raise Invalid("reason_missing", T("请写明理由。", "Give a reason."), field="reason")
    if row.status == Status.WITHDRAWN:
        raise GuardFailed("withdrawn", T("已经撤回。", "It is withdrawn already."))
    before = row.status
    row.status = Status.WITHDRAWN
    row.save(update_fields=["status"])
    record(
        actor,
        Entry(
            "briefing", row.pk, "briefing.withdraw",
            before={"status": before}, after={"status": row.status}, words=reason.strip(),
        ),
    )  # fmt: skip
    return row


def _counted() -> bool:
    for _ in range(PATIENCE):
        counting.catch_up()
        if not indicators.state()["waiting"]:
            return True
        sleep(1)  # another worker is at it, or a transaction that writes goes on
    return False


def _missing(row: Schedule) -> list[date]:
    """The mornings to make briefings of, oldest first: of the newest period, and of those that
    went by unmade since the schedule was switched on. A period that had one, if withdrawn, is done.
    """
    kind = queries.template(row.template_code).kind
    ends, days = [], days_of(kind, clock.now().astimezone(ZONE).date())
    for _ in range(LOOK_BACK[kind]):
        ends.append(days.until)
        days = days_of(kind, days.since)
    had = Briefing.objects.filter(template__code=row.template_code, region=row.region_id, kind=kind)
    done = set(had.filter(until__in=ends).values_list("until", flat=True))
    wanted = [end for end in ends if end == ends[0] or end > row.since]
    return [end for end in reversed(wanted) if end not in done]


def make_due(*, last: bool = False) -> dict[str, Any]:
    """What the schedule asks for and is not there yet, each in a transaction of its own.

    Made once all that happened is counted; where that takes longer, the next run makes it: in the
    `last` of the day it is an error. A row that fails stops no other; RuntimeError at the end.
    """
    if not _counted():
        waiting = indicators.state()["waiting"]
        if last:
            raise RuntimeError(f"no briefing made: {waiting} events are not counted yet")
        return {"made": 0, "there": 0, "waiting": waiting}
    made, there, failed = 0, 0, []
    for row in Schedule.objects.filter(active=True, region__active=True).order_by("pk"):
        try:
            missing = _missing(row)
            there += not missing
            for day in missing:
                make(SYSTEM, template=row.template_code, region=row.region_id, day=day)
                made += 1
        except Conflict:  # another worker was first
            there += 1
        except Exception as error:
            log.exception("briefing %s of %s", row.template_code, row.region_id)
            failed.append(f"{row.template_code} of {row.region_id}: {error}")
    if failed:
        raise RuntimeError("; ".join(failed))
    return {"made": made, "there": there}
