"""Carrying out one transition: lock, check, change, clocks, ledger. Every verb goes through it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from mengding.cases.facts import CaseFacts
from mengding.cases.guards import owner_tier
from mengding.cases.lifecycle import BY_ACTION, Transition, first_failure, wrong_stage
from mengding.cases.models import Case, WorkOrder
from mengding.cases.replay import TRACKED
from mengding.cases.stages import ENDED, LIVE, STAGE_NAMES, OrderKind, Stage
from mengding.cases.visibility import bearings
from mengding.clocks import actions as clocks
from mengding.clocks.models import Clock, ClockKind, ClockState
from mengding.core import clock as time
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, GuardFailed, NotFound, WrongStage
from mengding.core.late import when_done
from mengding.core.text import T
from mengding.evidence.sending import Photo, attach_photos
from mengding.ledger.actions import Entry, record
from mengding.ledger.models import Words
from mengding.policy.permissions import require, sees
from mengding.worktime import Limit, Unit

_UNTRACKED = (
    "description", "address", "cell", "reply_id", "stage_since", "yellow_at", "received_by",
)  # fmt: skip

# Which clock's deadline is "the" deadline of a case at each stage.
STAGE_CLOCK: dict[Stage, ClockKind] = {
    Stage.RECEIVED: ClockKind.RECEIVE,
    Stage.PRECHECKING: ClockKind.PRECHECK,
    Stage.FILED: ClockKind.DISPATCH,
    Stage.DISPATCHED: ClockKind.HANDLE,
    Stage.HANDLING: ClockKind.HANDLE,
    Stage.SUSPENDED: ClockKind.HANDLE,
    Stage.FED_BACK: ClockKind.CHECK,
    Stage.CHECKING: ClockKind.CHECK,
}

_WITH_DEPARTMENT = frozenset({Stage.DISPATCHED, Stage.HANDLING, Stage.SUSPENDED})
_COLUMNS = [field.attname for field in Case._meta.concrete_fields]
_LOCK = "SELECT {} FROM {} WHERE id = %s FOR UPDATE".format(  # noqa: S608 (our own names)
    ", ".join(str(field.column) for field in Case._meta.concrete_fields), Case._meta.db_table
)


def plain(value: Any) -> Any:
    """A column's value as the ledger keeps it."""
    return value.isoformat() if isinstance(value, datetime) else value


def lock(actor: Actor, case_id: int) -> Case:
    """The case, locked for this transaction; NotFound also when the actor may not see it."""
    # Every verb starts here, and building this query anew cost more than running it.
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [case_id])
        row = cursor.fetchone()
    case = None if row is None else Case.from_db(connection.alias, _COLUMNS, row)
    if case is None or not sees(actor, bearings(case)):
        raise NotFound("case_not_found", T("没有这个案件。", "There is no such case."))
    return case


class Move:
    """One transition on one locked case. Set fields on `case`, then `commit`."""

    def __init__(
        self,
        actor: Actor,
        case_id: int,
        action: str,
        *,
        version: int | None = None,
        prepare: Callable[[Case], None] | None = None,
        at: datetime | None = None,
        self_handled: bool = False,
    ) -> None:
        """`prepare` changes the case before the guards look, for a choice that is part of it.

        `at`: when the device says it was done. `self_handled`: a step of reporting what was done
        on the spot, which the grid worker takes in the centre's place.
        """
        self.actor = actor
        self.row: Transition = BY_ACTION[action]
        if self_handled:
            guards = tuple(guard for guard in self.row.guards if guard is not owner_tier)
            self.row = replace(self.row, permission="self_handle", guards=guards)
        self.now = time.now()
        self.at = when_done(at, self.now)
        self.case = lock(actor, case_id)
        require(actor, f"case.{self.row.permission}", bearings(self.case))
        stage = Stage(self.case.stage)
        self._refuse_stale(version, stage, prepared=prepare is not None)
        if wrong_stage(self.row, stage):
            raise WrongStage(
                "wrong_stage",
                self._not_from(stage),
                stage=stage.value,
                starts_from=sorted(self.row.start),
            )
        self._before = {name: getattr(self.case, name) for name in TRACKED + _UNTRACKED}
        self._before["order_org_ids"] = list(self.case.order_org_ids)
        if prepare is not None:
            prepare(self.case)
        self.facts = CaseFacts(actor, self.case)
        if why := first_failure(self.row, self.facts):
            raise GuardFailed("guard_failed", why, action=action)
        self.clocks: list[Clock] = []  # touched by this move
        self.orders: list[WorkOrder] = []  # touched by this move
        self.new_orders: list[WorkOrder] = []

    def _not_from(self, stage: Stage) -> T:
        text = T("“{stage}”的案件不能“{action}”。", "A case “{stage}” cannot: {action}.")
        return text.fill(stage=STAGE_NAMES[stage], action=self.row.label)

    def _refuse_stale(self, version: int | None, stage: Stage, *, prepared: bool) -> None:
        """`version_conflict` when the move is still possible, `overtaken` when it no longer is."""
        if version is None or version == self.case.version:
            return
        both: dict[str, Any] = {
            "yours": {"version": version},
            "current": {
                "version": self.case.version,
                "stage": self.case.stage,
                "updated_at": self.case.updated_at.isoformat(),
            },
        }
        changed = T(
            "案件已被他人更新（您看到的是第 {yours} 版，现在是第 {current} 版）。",
            "The case has changed (you saw version {yours}, it is now {current}).",
        ).fill(yours=version, current=self.case.version)
        why, because = None, "wrong_stage"
        if wrong_stage(self.row, stage):
            why = self._not_from(stage)
        elif not prepared:  # what is chosen with the move could make a guard hold
            why, because = first_failure(self.row, CaseFacts(self.actor, self.case)), "guard_failed"
        if why is None:
            raise Conflict("version_conflict", changed, **both)
        text = T("{changed}{why}", "{changed} {why}").fill(changed=changed, why=why)
        raise Conflict("overtaken", text, because=because, **both)

    def attach(self, photos: Sequence[Photo]) -> list[int]:
        """Attach complete uploads to the case; ids of the attachments."""
        return [row.pk for row in attach_photos(self.actor, "case", self.case.pk, photos)]

    def commit(
        self,
        *,
        words: str | Words = "",
        details: Mapping[str, Any] | None = None,
        to: Stage | None = None,
    ) -> Case:
        """Apply stage and clocks, save the case, append the event."""
        case = self.case
        target = to or self.row.to
        if target is not None and target.value != case.stage:
            case.stage, case.stage_since = target.value, self.now
            case.closed_at = self.now if target in ENDED else None
        if case.help_asked_at is not None and Stage(case.stage) not in _WITH_DEPARTMENT:
            case.help_asked_at = None  # nobody is left to be helped
        self._run_clocks()
        case.version += 1
        case.updated_at = self.now
        before = {n: v for n, v in self._before.items() if getattr(case, n) != v}
        case.save(update_fields=["version", "updated_at", *before])
        after: dict[str, Any] = {n: plain(getattr(case, n)) for n in before if n in TRACKED}
        after["version"] = case.version
        if self.orders:
            after["orders"] = [
                {"id": o.pk, "org": o.organisation_id, "kind": o.kind, "status": o.status}
                for o in self.orders
            ]
        if self.clocks:
            after["clocks"] = clocks.described(self.clocks)
        if self.at is not None:
            after["at"] = self.at.isoformat()
        after.update(details or {})
        record(
            self.actor,
            Entry(
                kind="case",
                subject=case.pk,
                action=f"case.{self.row.action}",
                before={n: plain(v) for n, v in before.items() if n in TRACKED},
                after=after,
                words=words,
            ),
        )
        return case

    def _run_clocks(self) -> None:
        """The transition's clock effects, then the case's own deadline."""
        case = self.case
        live: list[Clock] = []
        if any(not step.startswith("start:") for step in self.row.clocks):
            live = list(
                Clock.objects.filter(
                    case_id=case.pk, state__in=[ClockState.RUNNING, ClockState.PAUSED]
                )
            )
        for step in self.row.clocks:
            verb, kind = step.split(":")
            if verb == "start":
                started = self._started(ClockKind(kind))
                live += started
                self.clocks += started
                continue
            if verb == "restart":
                lead = self._lead_clock()
                clocks.restart(lead)
                live.append(lead)
                self.clocks.append(lead)
                continue
            for clock in [c for c in live if self._meant(c, kind)]:
                self._touch(verb, clock)
                self.clocks.append(clock)
        live = [c for c in live if c.state in (ClockState.RUNNING, ClockState.PAUSED)]
        self._show_deadline(live)

    def _started(self, kind: ClockKind) -> list[Clock]:
        if kind is not ClockKind.HANDLE:
            return [clocks.start(self.case.pk, kind)]
        condition = self.case.condition
        assert condition is not None  # dispatch requires a filed case, filing a condition
        limit = Limit(condition.limit_amount, Unit(condition.limit_unit))
        return [
            clocks.start(self.case.pk, kind, limit=limit, order_id=order.pk)
            for order in self.new_orders
        ]

    def _lead_clock(self) -> Clock:
        lead = next(o for o in self.facts.orders if o.kind == OrderKind.LEAD)
        return Clock.objects.get(case_id=self.case.pk, order_id=lead.pk, kind=ClockKind.HANDLE)

    def _meant(self, clock: Clock, kind: str) -> bool:
        if kind == "all":
            return True
        if kind == "own":
            return self.facts.own is not None and clock.order_id == self.facts.own.pk
        return clock.kind == kind and clock not in self.clocks

    def _touch(self, verb: str, clock: Clock) -> None:
        match verb:
            case "stop":
                clocks.stop(clock)
            case "cancel":
                clocks.cancel(clock)
            case "pause":
                clocks.pause(clock)
            case "resume" if clock.state == ClockState.PAUSED:
                clocks.resume(clock)
            case "extend":
                clocks.extend(clock, self.extension)
            case "resume":
                pass
            case _:
                raise ValueError(f"unknown clock effect {verb!r}")

    extension: int = 0  # units, set by the approval of an extension

    def _show_deadline(self, live: list[Clock]) -> None:
        case = self.case
        if not self.row.clocks and case.stage == self._before["stage"]:
            return
        kind = STAGE_CLOCK.get(Stage(case.stage))
        if kind is None:
            case.due_at = case.yellow_at = None
            return
        # The orders are read only where a handling clock has to be told from another.
        lead = self.lead_order_id() if live and kind is ClockKind.HANDLE else None
        for clock in live:
            if clock.kind == kind and (kind is not ClockKind.HANDLE or clock.order_id == lead):
                case.due_at, case.yellow_at = clock.due_at, clock.yellow_at
                if kind is ClockKind.HANDLE:
                    case.handle_due_at = clock.due_at

    def lead_order_id(self) -> int | None:
        """The live lead order, the new one where this move sends one."""
        for order in [*self.new_orders, *self.facts.orders]:
            if order.kind == OrderKind.LEAD and order.status in LIVE:
                return order.pk
        return None
