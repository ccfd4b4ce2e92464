"""What happened to one case elsewhere, and carrying it through the ordinary actions here.

Nothing is written behind the model's back: each step is the action a person in that post would
have taken, at the simulated moment it happened. Guards, permissions, clocks, ledger and search
index all apply.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mengding.cases import actions
from mengding.cases.actions import Message
from mengding.cases.stages import Outcome
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.text import T
from mengding.imports.rows import Reject


@dataclass(frozen=True, slots=True)
class Closing:
    """How it ended. `finding` is what the check found, kept with the event."""

    at: datetime
    outcome: Outcome
    finding: str


@dataclass(frozen=True, slots=True)
class Journey:
    """The steps that are known, in order; a step that is None ends the journey before it.

    Moments are aware. `department`: the code of the organisation that led; empty: the one that
    routing proposes.
    """

    message: Message
    reported_at: datetime
    filed_at: datetime | None = None
    condition: str = ""
    dispatched_at: datetime | None = None
    department: str = ""
    accepted_at: datetime | None = None
    fed_back_at: datetime | None = None
    report: str = ""
    reply: str = ""
    closing: Closing | None = None

    def check(self) -> None:
        """Raise `Reject` when a step lacks the one before it or happened before it."""
        steps = [
            ("reported_at", self.reported_at),
            ("filed_at", self.filed_at),
            ("dispatched_at", self.dispatched_at),
            ("accepted_at", self.accepted_at),
            ("fed_back_at", self.fed_back_at),
            ("closed_at", self.closing.at if self.closing else None),
        ]
        last_name, last = steps[0]
        for name, moment in steps[1:]:
            if moment is None:
                last = None
                last_name = name
                continue
            if last is None:
                text = T("有 {name}，却缺少 {last}", "{name} is given without {last}")
                raise Reject(name, "step_missing", text.fill(name=name, last=last_name))
            if moment < last:
                text = T("{name} 早于 {last}", "{name} is before {last}")
                raise Reject(name, "step_order", text.fill(name=name, last=last_name))
            last_name, last = name, moment


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts. `handler` gives the handler of an organisation, or None when it has none.

    `organisation` turns a department's code into the organisation's id at the case's district.
    """

    desk: Actor
    dispatcher: Actor
    verifier: Actor
    handler: Callable[[int], Actor | None]
    organisation: Callable[[str], int | None]


def carry(cast: Cast, journey: Journey) -> int:
    """Take the case as far as the journey goes; returns its id.

    Raises `Reject` and the errors of the actions; the caller's transaction then undoes all of it.
    """
    journey.check()
    with clock.at(journey.reported_at):
        case = actions.receive(cast.desk, journey.message).case
    if journey.filed_at is None:
        return case.pk
    with clock.at(journey.filed_at):
        case = actions.file(cast.desk, case.pk, condition_code=journey.condition)
    if journey.dispatched_at is None:
        return case.pk
    org_id = cast.organisation(journey.department) if journey.department else case.proposed_org_id
    if org_id is None:
        text = T("没有部门“{code}”的机构", "no organisation for department “{code}”")
        raise Reject("department", "no_organisation", text.fill(code=journey.department))
    with clock.at(journey.dispatched_at):
        actions.dispatch(cast.dispatcher, case.pk, lead_org_id=org_id)
    if journey.accepted_at is None:
        return case.pk
    handler = cast.handler(org_id)
    if handler is None:
        text = T("主办单位没有处置人员", "the lead organisation has no handler")
        raise Reject("department", "no_handler", text)
    with clock.at(journey.accepted_at):
        actions.accept(handler, case.pk)
    if journey.fed_back_at is None:
        return case.pk
    with clock.at(journey.fed_back_at):
        actions.feed_back(handler, case.pk, report=journey.report)
    if journey.closing is None:
        return case.pk
    with clock.at(journey.closing.at):
        if journey.reply:
            actions.reply(handler, case.pk, text=journey.reply)
        actions.start_check(cast.verifier, case.pk)
        actions.close(
            cast.verifier,
            case.pk,
            outcome=journey.closing.outcome,
            finding=journey.closing.finding,
            condition_met=journey.closing.outcome is Outcome.FIXED,
        )
    return case.pk
