"""From events to notices: the first reader of the ledger's feed.

`follow` turns events into outbox rows in the transaction that moves the reader on; delivering a
row finds the posts concerned and writes their notices. Both happen exactly once an event.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from mengding.cases.models import Case
from mengding.cases.stages import LIVE
from mengding.cases.visibility import bearings
from mengding.core import clock
from mengding.core.actor import Role
from mengding.ledger import feed, outbox
from mengding.ledger.models import Event
from mengding.notices import channels
from mengding.notices.models import Notice, NoticeKind
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import ROLES, sees

READER = "notices"
OUTBOX_KIND = "notice"
STALE = timedelta(days=7)  # imports tell of old events, which nobody needs to be notified of

KINDS: dict[str, NoticeKind] = {
    "case.receive": NoticeKind.ARRIVED,
    "case.amend": NoticeKind.ARRIVED,
    "case.file": NoticeKind.ARRIVED,  # the condition may make it urgent
    "case.dispatch": NoticeKind.DISPATCHED,
    "case.reassign": NoticeKind.DISPATCHED,
    "case.return": NoticeKind.DECIDED,
    "case.extend": NoticeKind.DECIDED,
    "case.suspend": NoticeKind.DECIDED,
    "case.void": NoticeKind.DECIDED,
    "case.exempt": NoticeKind.DECIDED,
    "case.refuse": NoticeKind.DECIDED,
    "case.feed_back": NoticeKind.FED_BACK,
    "case.rework": NoticeKind.REWORK,
    "case.ask_help": NoticeKind.HELP,
    "case.answer_help": NoticeKind.DISPATCHED,  # to whom it sends assisting orders
    "case.resume": NoticeKind.RESUMED,
    "case.supervise": NoticeKind.SUPERVISED,
}

WARNINGS = ("warning.raise", "warning.take")


def follow(limit: int = 200) -> int:
    """Read the next events and queue what somebody must be told; returns how many were read."""
    return feed.follow(READER, limit, _queue)


def _queue(events: list[dict[str, Any]]) -> None:
    fresh = clock.now() - STALE
    rows = []
    for event in events:
        kind = _kind(event)
        if kind is not None and event["at"] >= fresh:
            payload = {
                "event": event["id"],
                "case": event["subject_id"] if event["subject_kind"] == "case" else None,
                "kind": kind.value,
                "action": event["action"],
                "at": event["at"].isoformat(),
                "by": event["post_id"],
                "orgs": [o["org"] for o in event["after"].get("orders", []) if o["status"] in LIVE],
                "approval": (event["after"].get("approval") or {}).get("id"),
                "demand": (event["after"].get("demand") or {}).get("org"),
            }
            if kind is NoticeKind.DUTY:
                payload["posts"] = event["after"]["tell"]
            if kind is NoticeKind.WARNING:
                # The post it was handed to; of one just raised the region whose centre decides.
                if "post" in event["after"]:
                    payload["posts"] = [event["after"]["post"]]
                else:
                    payload["region"] = event["after"]["region"]
            rows.append((f"notice:{event['id']}:{kind.value}", OUTBOX_KIND, payload))
    outbox.put(rows)


def _kind(event: dict[str, Any]) -> NoticeKind | None:
    if event["subject_kind"] in ("duty", "swap", "leave"):
        return NoticeKind.DUTY if event["after"].get("tell") else None  # the event names the posts
    if event["subject_kind"] == "warning":
        return NoticeKind.WARNING if event["action"] in WARNINGS else None
    if event["subject_kind"] != "case":
        return None
    kind = KINDS.get(event["action"])
    if kind is NoticeKind.ARRIVED and event["after"].get("grade") != "urgent":
        return None  # an event names the grade when it sets or changes it
    if kind is NoticeKind.RESUMED and event["actor_kind"] != "system":
        return None
    return kind


def tell(
    kind: NoticeKind, told: Iterable[tuple[int, int | None, Iterable[int]]], *, action: str
) -> None:
    """Queue notices to posts that an app above has chosen, in the transaction of the events.
    `told`: event, case (None: about none) and posts of each.

    Who may not see the case by the time of delivery is left out.
    """
    at = clock.now().isoformat()
    outbox.put(
        [
            (
                f"notice:{event}:{kind.value}",
                OUTBOX_KIND,
                {
                    "event": event,
                    "case": case,
                    "kind": kind.value,
                    "action": action,
                    "at": at,
                    "by": None,
                    "posts": sorted(set(posts)),
                },
            )
            for event, case, posts in told
        ]
    )


@outbox.handles(OUTBOX_KIND)
def deliver(key: str, payload: dict[str, Any]) -> None:
    """Write the notices of one event; nothing for a post that has one already."""
    case = Case.objects.get(pk=payload["case"]) if payload["case"] is not None else None
    kind = NoticeKind(payload["kind"])
    now = clock.now()
    posts = sorted(_posts(kind, case, payload) - {payload["by"]})
    Notice.objects.bulk_create(
        [
            Notice(
                post_id=post,
                case=case,
                kind=kind.value,
                action=payload["action"],
                event_id=payload["event"],
                at=payload["at"],
                created_at=now,
            )
            for post in posts
        ],
        ignore_conflicts=True,
    )
    channels.pass_on(key, posts, payload)


def _posts(kind: NoticeKind, case: Case | None, payload: dict[str, Any]) -> set[int]:
    """Ids of the posts concerned, except those that may not see the case."""
    if "posts" in payload:
        rows = Post.objects.filter(pk__in=payload["posts"], active=True)
        found = list(rows.values_list("pk", "account_id"))
        return {pk for pk, _ in found} if case is None else _allowed(found, case)
    if kind is NoticeKind.WARNING:
        return {pk for pk, _ in _deciding(payload["region"])}
    assert case is not None
    match kind:
        case NoticeKind.DECIDED:
            # Who asked is told even when the case has left their hands by the decision.
            return _who_asked(case, payload["approval"])
        case NoticeKind.DISPATCHED:
            found = _handlers(case, payload["orgs"])
        case NoticeKind.FED_BACK:
            found = _verifiers(case)
        case NoticeKind.REWORK | NoticeKind.RESUMED:
            found = _handlers(case, [case.lead_org_id])
        case NoticeKind.ARRIVED | NoticeKind.HELP:
            found = _dispatchers(case)
        case NoticeKind.SUPERVISED:
            found = _answering(payload["demand"])
        case _:
            raise ValueError(f"{kind.value}: its posts are named by who tells")
    return _allowed(found, case)


def _allowed(found: "_Found", case: Case) -> set[int]:
    known = bearings(case)
    return {
        pk
        for pk, account in found
        if (actor := people.actor_in_post(account, pk)) is not None and sees(actor, known)
    }


_Found = list[tuple[int, int]]  # (post, account)


def _active(*roles: Role, **conditions: Any) -> _Found:
    rows = Post.objects.filter(
        role__in=roles,
        active=True,
        account__is_active=True,
        organisation__active=True,
        **conditions,
    )
    return list(rows.values_list("pk", "account_id"))


def _handlers(case: Case, org_ids: Iterable[int | None]) -> _Found:
    """Handlers of each organisation; where it has none, of the nearest above that has.

    自办: at the centre of the case's own village its grid workers handle.
    """
    found: _Found = []
    for org_id in org_ids:
        for org in people.upwards(org_id):
            roles = [Role.HANDLER]
            if org.region_id == case.village_id:
                roles.append(Role.COLLECTOR)
            if here := _active(*roles, organisation=org.pk):
                found += here
                break
    return found


def _dispatchers(case: Case) -> _Found:
    return _active(Role.DISPATCHER, organisation=case.owner_org_id)


def _answering(org_id: int | None) -> _Found:
    """Whoever may answer at the organisation of the demand; where nobody is, the handlers of the
    nearest above, who may too."""
    roles = ROLES["supervision.answer"]
    for org in people.upwards(org_id):
        if found := _active(*roles, organisation=org.pk):
            return found
        roles = frozenset({Role.HANDLER})
    return []


def _deciding(region: int) -> _Found:
    """Whoever decides on warnings at the nearest centre where somebody does: one is proposed as
    its owner, and any of them may take it."""
    own = people.centre_of(region)
    for centre in people.upwards(own.pk if own else None, centre=True):
        if found := _active(*ROLES["warnings.decide"], organisation=centre.pk):
            return found
    return []


def _verifiers(case: Case) -> _Found:
    area = [case.district_id, case.town_id, case.village_id, case.grid_id]
    return _active(Role.VERIFIER, region__in=[pk for pk in area if pk is not None])


def _who_asked(case: Case, approval: int | None) -> set[int]:
    """The post that applied, from the event of the application."""
    if approval is None:
        return set()
    asked = Event.objects.filter(
        subject_kind="case",
        subject_id=case.pk,
        action__startswith="case.request_",
        after__approval__id=approval,
    )
    posts = asked.exclude(post_id=None).values_list("post_id", flat=True)
    return set(Post.objects.filter(pk__in=list(posts), active=True).values_list("pk", flat=True))
