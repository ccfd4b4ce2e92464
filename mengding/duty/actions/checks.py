"""What the writes of duty ask first: who may, which rows, which times."""

from datetime import datetime, timedelta

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from mengding.core.text import T
from mengding.duty.models import Team
from mengding.duty.rights import manages
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import ROLES, require
from mengding.regions import locate
from mengding.regions.models import Region

OLDEST = timedelta(days=7)


def bounded(at: datetime | None) -> datetime:
    """When a worker did it, by a phone that may have had no signal; a future time is now."""
    now = clock.now()
    if at is None:
        return now
    if at.tzinfo is None:
        raise Invalid("at_naive", T("时间须带时区。", "The time needs an offset."), field="at")
    if at < now - OLDEST:
        raise Invalid("at_old", T("最多补记 7 天内的事。", "At most 7 days back."), field="at")
    return min(at, now)


def refused(action: str = "duty.arrange") -> NotAllowed:
    """Not in this actor's hands."""
    return NotAllowed(
        "not_allowed",
        T(
            "须由本区域的派遣员、督办员或队长办理。",
            "For who manages the area, or the team's leader.",
        ),
        action=action,
    )


def require_area(actor: Actor, region_id: int, field: str = "region") -> None:
    """`duty.arrange` for a region; `Invalid` naming the field when there is no such region."""
    if not Region.objects.filter(pk=region_id, active=True).exists():
        raise Invalid("region_unknown", T("没有这个区划。", "No such division."), field=field)
    require(actor, "duty.arrange", locate.chain(region_id))


def managed_team(actor: Actor, pk: int) -> Team:
    """A team the actor manages, locked: whatever changes a team's roster goes one by one."""
    require(actor, "duty.own")
    team = Team.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if team is None:
        raise not_found("team", T("没有这支队伍。", "No such team."))
    if not manages(actor, team):
        raise refused()
    return team


def not_found(what: str, text: T) -> DomainError:
    """There is none, or it is none of the caller's business."""
    return NotFound(f"{what}_not_found", text, field=what)


def same_version(yours: int | None, current: int) -> None:
    """`Conflict` when somebody else has changed it since."""
    if yours is not None and yours != current:
        raise Conflict(
            "version_conflict",
            T("内容已被他人修改，请刷新后再试。", "Somebody else has changed it; load it again."),
            yours={"version": yours},
            current={"version": current},
        )


def working_post(pk: int, field: str = "post") -> Post:
    """An active post of somebody who works."""
    post = (
        Post.objects.filter(pk=pk, active=True, account__is_active=True)
        .select_related("account")
        .first()
    )
    if post is None or post.role not in ROLES["duty.own"]:
        raise Invalid(
            "post_unknown", T("没有这个岗位，或已停用。", "No such post, or closed."), field=field
        )
    return post


def post_within(actor: Actor, post: Post, field: str) -> None:
    """A post may be put in a team by who has it in the own area."""
    if actor.kind is ActorKind.SYSTEM:
        return
    known = people.tree()
    if actor.region_id is None or post.region_id not in known.regions_below(actor.region_id):
        raise Invalid(
            "post_outside",
            T("{name}不在您的区域内。", "{name} is outside your area.").fill(
                name=post.account.name
            ),
            field=field,
        )
