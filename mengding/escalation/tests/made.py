"""A district with a small chain, and workers run by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at
from mengding.clocks.models import Clock
from mengding.core import clock
from mengding.core.actor import SYSTEM
from mengding.escalation import actions, following
from mengding.escalation.models import StepRun, Watch

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)  # 9:00 in the district, a working day


def step(zh: str, when: dict[str, Any], *whom: tuple[str, str], **more: Any) -> dict[str, Any]:
    told = [{"role": role, "relation": relation} for role, relation in whom]
    return {"zh": zh, "when": when, "whom": told, **more}


CHAIN = {
    "code": "handle",
    "zh": "处置",
    "clocks": ["handle"],
    "steps": [
        step("提醒", {"at": "used", "percent": 50}, ("handler", "holder")),
        step("到期", {"at": "due"}, ("handler", "holder"), ("dispatcher", "above")),
        step(
            "督办",
            {"at": "over", "amount": 1, "unit": "hour"},
            ("supervisor", "above"),
            repeat={"times": 2, "every": {"amount": 1, "unit": "hour"}},
        ),
    ],
}


def publish(*chains: dict[str, Any], **alarms: Any) -> None:
    """Put chains in force as of long ago."""
    with clock.at(MONDAY - timedelta(days=30)):
        actions.publish(SYSTEM, {"chains": list(chains or (CHAIN,)), "alarms": alarms})


def watched(at: datetime = MONDAY, class_code: str = "E0110") -> tuple[Case, Watch]:
    """A case being handled since `at`, its clock frozen. E0110-1: four working hours."""
    with clock.at(at):
        case = case_at(Stage.HANDLING, class_code=class_code)
        see(case)
    return case, watch_of(case)


def see(case: Case) -> None:
    """The reader of the ledger comes to the case's events."""
    ids = Clock.objects.filter(case_id=case.pk).values_list("pk", flat=True)
    after = {"clocks": [{"id": pk} for pk in ids]}
    following.look([{"subject_kind": "case", "subject_id": case.pk, "after": after}])


def watch_of(case: Case, kind: str = "handle") -> Watch:
    return Watch.objects.filter(case=case, kind=kind).latest("pk")


def ran(watch: Watch) -> list[tuple[int, int]]:
    """(step, nth) in the order in which they ran."""
    rows = StepRun.objects.filter(watch=watch).order_by("ran_at", "due_at", "pk")
    return list(rows.values_list("step", "nth"))
