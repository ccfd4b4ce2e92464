"""The workbench: what came back and why, whose application waits for whom."""

from typing import Any

from mengding.cases import actions, queries
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, who


def at(user: str) -> dict[str, Any]:
    """What a demo account's workbench shows."""
    return queries.workbench(who(user))


def test_rework_reaches_the_handler_with_its_reason(world: Any) -> None:
    case = case_at(Stage.CHECKING)
    assert case.pk not in [row["id"] for row in at("handler")["returned"]]
    actions.rework(who("verify"), case.pk, reason="盖板没有固定，踩上去会翻。")
    (row,) = [row for row in at("handler")["returned"] if row["id"] == case.pk]
    assert (row["why"]["action"], row["why"]["words"]) == (
        "case.rework",
        "盖板没有固定，踩上去会翻。",
    )
    assert row["why"]["by"] == "周静"
    assert case.pk not in [row["id"] for row in at("dispatch")["returned"]]


def test_an_application_waits_for_somebody_else_and_comes_back(world: Any) -> None:
    case = case_at(Stage.HANDLING)
    actions.request_return(who("handler"), case.pk, reason="不属于本单位职责。")
    (mine,) = [row for row in at("handler")["asked"] if row["case"] == case.pk]
    assert (mine["kind"], mine["status"], mine["decided_by"]) == ("return", "pending", None)
    (todo,) = [row for row in at("supervise")["decide"] if row["case"] == case.pk]
    assert (todo["reason"], todo["asked_by"]) == ("不属于本单位职责。", "刘强")
    assert at("handler")["decide"] == []
    actions.grant(who("supervise"), case.pk)
    (row,) = [row for row in at("dispatch")["returned"] if row["id"] == case.pk]
    assert row["why"]["words"] == "不属于本单位职责。"
    assert case.pk not in [each["case"] for each in at("supervise")["decide"]]
