"""Swapping shifts: asked by one, agreed by the other, approved where the team wants it.

Every step locks the team first, so of two that want the same shift one gets it and the other is
told; a swap that cannot happen any more says so and stays on record.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import Conflict, GuardFailed, Invalid, NotAllowed, WrongStage
from mengding.core.text import T
from mengding.duty.actions import checks
from mengding.duty.actions.intervals import extend
from mengding.duty.actions.roster import facts, not_begun, overtake
from mengding.duty.models import PENDING, Member, Origin, Slot, Swap, SwapState, Team
from mengding.duty.rights import manages
from mengding.ledger.actions import Entry, record
from mengding.people.models import Post
from mengding.policy.permissions import require


@transaction.atomic
def ask_swap(
    actor: Actor, slot: int, *, other: int, taken: int | None = None, at: datetime | None = None
) -> Swap:
    """Ask `other` (a post of the team) to take over the own line `slot`; for their line `taken`
    in exchange, or for nothing. `at`: when it was asked, for phones without signal."""
    require(actor, "duty.own")
    asked_at = checks.bounded(at)
    given = _own(actor, slot)
    team = Team.objects.select_for_update(no_key=True).get(pk=given.team_id)
    given.refresh_from_db()
    if given.account_id != actor.account_id:
        raise _gone()
    who = checks.working_post(other, "other")
    if who.account_id == actor.account_id:
        raise Invalid("other_self", T("不能与自己换班。", "Not with yourself."), field="other")
    if not Member.objects.filter(team=team, post=who).exists():
        raise Invalid(
            "not_a_member", T("对方不是本队队员。", "Not a member of the team."), field="other"
        )
    back = None
    if taken is not None:
        back = Slot.objects.filter(pk=taken, team=team).first()
        if back is None or back.account_id != who.account_id:
            raise Invalid(
                "taken_unknown", T("对方没有这个班次。", "They have no such shift."), field="taken"
            )
    _possible(given, who, back, clock.now())
    swap = Swap(
        slot=given,
        taken=back,
        exchange=back is not None,
        team=team,
        asker=given.post,
        other=who,
        state=SwapState.ASKED,
        asked_at=asked_at,
    )
    try:
        with transaction.atomic():
            swap.save()
    except IntegrityError as error:
        if "swap_one_pending" not in str(error):
            raise
        raise Conflict(
            "swap_pending",
            T("这个班次已有一个换班申请在等答复。", "A swap of this shift is waiting already."),
            field="slot",
        ) from error
    _record(actor, swap, "swap.ask", [swap.other_id])
    return swap


@transaction.atomic
def answer_swap(actor: Actor, pk: int, *, agree: bool, at: datetime | None = None) -> Swap:
    """The other says yes or no. With a yes it happens, or waits for approval."""
    require(actor, "duty.own")
    when = checks.bounded(at)
    swap = _locked(pk, *SwapState)
    if swap.other.account_id != actor.account_id:
        raise _not_yours(swap, actor)
    _from(swap, SwapState.ASKED)
    swap.answered_at = when
    if not agree:
        return _moved(actor, swap, SwapState.DECLINED, "swap.decline", [swap.asker_id])
    if swap.team.approves:
        leader = [swap.team.leader_id] if swap.team.leader_id else []
        return _moved(actor, swap, SwapState.AGREED, "swap.agree", [swap.asker_id, *leader])
    return _execute(actor, swap, "swap.agree")


@transaction.atomic
def decide_swap(actor: Actor, pk: int, *, approve: bool) -> Swap:
    """Who manages the team approves what both have agreed, or refuses it. Not one's own."""
    require(actor, "duty.own")
    swap = _locked(pk, *SwapState)
    if not manages(actor, swap.team):
        raise checks.refused()
    _from(swap, SwapState.AGREED)
    if actor.account_id in {swap.asker.account_id, swap.other.account_id}:
        raise NotAllowed(
            "own_swap",
            T("自己参与的换班须由他人审批。", "Somebody else decides on your own swap."),
            action="duty.arrange",
        )
    swap.decided_at, swap.decided_by_id = clock.now(), actor.account_id
    if not approve:
        told = [swap.asker_id, swap.other_id]
        return _moved(actor, swap, SwapState.REFUSED, "swap.refuse", told)
    return _execute(actor, swap, "swap.approve")


@transaction.atomic
def withdraw_swap(actor: Actor, pk: int) -> Swap:
    """Who asked takes it back while it waits."""
    require(actor, "duty.own")
    swap = _locked(pk, *SwapState)
    if swap.asker.account_id != actor.account_id:
        raise _not_yours(swap, actor)
    _from(swap, *PENDING)
    return _moved(actor, swap, SwapState.WITHDRAWN, "swap.withdraw", [swap.other_id])


def lapse_swaps() -> int:
    """Swaps nobody answered before the shift began are overtaken; returns how many."""
    due = Swap.objects.filter(state__in=PENDING, slot__starts_at__lte=clock.now())
    ids = list(due.values_list("pk", flat=True))
    for pk in ids:
        with transaction.atomic():
            try:
                swap = _locked(pk, *PENDING)
            except WrongStage:
                continue  # answered in the meantime
            _moved(SYSTEM, swap, SwapState.OVERTAKEN, "swap.lapse", [swap.asker_id])
    return len(ids)


def _own(actor: Actor, pk: int) -> Slot:
    slot = Slot.objects.filter(pk=pk).first()
    if slot is None or slot.account_id != actor.account_id:
        raise _gone()
    return slot


def _gone() -> Exception:
    return checks.not_found("slot", T("您没有这个班次。", "You have no such shift."))


def _locked(pk: int, *states: str) -> Swap:
    """The swap in one of these states, its team locked."""
    team = Swap.objects.filter(pk=pk).values_list("team_id", flat=True).first()
    if team is None:
        raise checks.not_found("swap", T("没有这个换班申请。", "No such swap."))
    Team.objects.select_for_update(no_key=True).get(pk=team)
    swap = Swap.objects.select_related("team", "asker", "other", "slot", "taken").get(pk=pk)
    _from(swap, *states)
    return swap


def _from(swap: Swap, *states: str) -> None:
    if swap.state not in states:
        raise WrongStage(
            "swap_over",
            T("这个换班申请已是“{state}”。", "This swap is {code} already.").fill(
                state=SwapState(swap.state).label, code=swap.state
            ),
            state=swap.state,
        )


def _not_yours(swap: Swap, actor: Actor) -> Exception:
    """Others do not learn of it; those concerned learn why not."""
    concerned = {swap.asker.account_id, swap.other.account_id}
    if actor.account_id in concerned or manages(actor, swap.team):
        return GuardFailed(
            "others_answer", T("须由当事人本人办理。", "Only the person concerned does that.")
        )
    return checks.not_found("swap", T("没有这个换班申请。", "No such swap."))


def _possible(given: Slot, who: Post, back: Slot | None, now: datetime) -> None:
    """`GuardFailed` when somebody would work two shifts at once, or one has begun."""
    not_begun(given, now)
    if back is not None:
        not_begun(back, now)
        if (back.shift_id, back.day) == (given.shift_id, given.day):
            raise GuardFailed(
                "swap_same", T("这是同一个班次。", "It is the same shift."), field="taken"
            )
    without = [slot.pk for slot in (given, back) if slot is not None]
    pairs = [(who.account_id, given)] + ([(given.account_id, back)] if back is not None else [])
    for account, slot in pairs:
        clash = Slot.objects.filter(
            account=account, starts_at__lt=slot.ends_at, ends_at__gt=slot.starts_at
        ).exclude(pk__in=without)
        if clash.exists():
            raise GuardFailed(
                "two_at_once",
                T("换班后有人同时排在两个班次。", "Somebody would have two shifts at once."),
                field="other" if account == who.account_id else "taken",
            )


def _execute(actor: Actor, swap: Swap, action: str) -> Swap:
    """Both lines change hands; or the swap is overtaken, when one has done so already."""
    given, back = swap.slot, swap.taken
    there = given is not None and given.post_id == swap.asker_id
    if swap.exchange:
        there = there and back is not None and back.post_id == swap.other_id
    told = [swap.asker_id, swap.other_id]
    if not there:
        return _moved(actor, swap, SwapState.OVERTAKEN, "swap.overtake", told)
    assert given is not None
    _possible(given, swap.other, back, clock.now())
    moves = [(given, swap.other)] + ([(back, swap.asker)] if back is not None else [])
    for slot, post in moves:
        before = facts(slot)
        slot.post, slot.account_id = post, post.account_id
        slot.origin, slot.version = Origin.SWAP, slot.version + 1
        slot.save()
        record(actor, Entry("roster", slot.pk, "roster.swap", before=before, after=facts(slot)))
    overtake([slot.pk for slot, _ in moves], but=swap.pk)
    _moved(actor, swap, SwapState.DONE, action, told)
    for _, post in moves:
        extend(actor, post.account_id)
    return swap


def _moved(actor: Actor, swap: Swap, state: SwapState, action: str, tell: Iterable[int]) -> Swap:
    before = swap.state
    swap.state = state
    swap.version += 1
    swap.save()
    _record(actor, swap, action, tell, before)
    return swap


def _record(actor: Actor, swap: Swap, action: str, tell: Iterable[int], before: str = "") -> None:
    """`tell`: the posts that get a notice."""
    record(
        actor,
        Entry(
            "swap",
            swap.pk,
            action,
            before={"state": before} if before else {},
            after={
                "state": str(swap.state),
                "slot": swap.slot_id,
                "taken": swap.taken_id,
                "asker": swap.asker_id,
                "other": swap.other_id,
                "team": swap.team_id,
                "tell": sorted({post for post in tell if post != actor.post_id}),
            },
        ),
    )
