"""HTTP shapes of coverage, months, rules and appeals."""

from datetime import date, timedelta
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Status

from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.indicators.api import PeriodAsked, as_download
from mengding.indicators.queries import table
from mengding.people.api.caller import caller
from mengding.scores import actions, behind, coverage, fieldwork, periods, queries
from mengding.scores.shapes import (
    CoverageOut,
    CoveragePeople,
    EvaluationAppealIn,
    EvaluationAppealList,
    EvaluationAppealOut,
    EvaluationLookIn,
    EvaluationMonthList,
    EvaluationReviewIn,
    EvaluationReviewOut,
    EvaluationRulesIn,
    EvaluationRulesList,
    EvaluationTrialIn,
    EvaluationTrialOut,
    WorkerMonthOut,
    WorkerMonthsOut,
)

router = Router(tags=["evaluation"])


@router.get(
    "/coverage", response=CoverageOut, operation_id="coverage_matrix", summary="覆盖 Coverage"
)
@allows("scores.coverage")
def get_coverage(
    request: HttpRequest, since: date | None = None, until: date | None = None
) -> dict[str, Any]:
    """Villages × kinds of tasks; those nobody visited first. Without days: the last 30."""
    until = until or queries.today()
    return coverage.matrix(caller(request), since or until - timedelta(days=29), until)


@router.get(
    "/coverage/{int:region_id}/people", response=CoveragePeople, operation_id="coverage_people",
    summary="该村网格员 Who works there",
)  # fmt: skip
@allows("scores.coverage")
def get_people(request: HttpRequest, region_id: int) -> dict[str, Any]:
    """Who works in a village, by name, without any number about them."""
    return coverage.village_people(caller(request), region_id)


class FieldworkAsked(PeriodAsked):
    """Which days, and of which division."""

    region: str = Field("", max_length=20, description="Division code; by default my own area.")


@router.get(
    "/fieldwork", response=dict, operation_id="fieldwork_read", summary="外勤看板 Field work"
)
@allows("scores.coverage")
def get_fieldwork(request: HttpRequest, wanted: Query[FieldworkAsked]) -> HttpResponse:
    """Tasks, inspections, coverage and cases found, of an area and the divisions below it, beside
    the period before and the same a year earlier. By area: nothing here is about a person."""
    found = fieldwork.fieldwork(
        caller(request), wanted.days(), wanted.compared(), wanted.region
    )  # fmt: skip
    return json_response(found)


@router.get(
    "/fieldwork/file", response=str, operation_id="fieldwork_file",
    summary="下载外勤看板 Field work as CSV or XLSX",
)  # fmt: skip
@allows("scores.coverage")
def download_fieldwork(
    request: HttpRequest, wanted: Query[FieldworkAsked], format: Literal["csv", "xlsx"] = "csv"
) -> HttpResponse:
    """The same table as a file, with the formulas below it."""
    days = wanted.days()
    found = fieldwork.fieldwork(caller(request), days, wanted.compared(), wanted.region)
    made = table.as_file([(T("外勤", "Field work").said(), found)], format, fieldwork.FIGURES)
    return as_download("fieldwork", days, made)


class FieldworkBehind(FieldworkAsked):
    """What is behind one figure."""

    part: Literal["counts", "over", "rest"] = Field(
        "counts", description="Of a rate: above the line, below it, or below and not above."
    )


@router.get(
    "/fieldwork/{code}/behind", response=dict, operation_id="fieldwork_behind",
    summary="反查 What a figure of field work counts",
)  # fmt: skip
@allows("scores.coverage")
def get_behind(
    request: HttpRequest, code: str, wanted: Query[FieldworkBehind], paging: Query[Paging]
) -> HttpResponse:
    """Exactly what the figure counts: village-days, villages, tasks, inspections, items or cases.
    `total` is the figure. Places and things: nobody is named here."""
    found = behind.behind(
        caller(request), code, wanted.days(), wanted.region, part=wanted.part,
        cursor=paging.cursor, limit=paging.limit,
    )  # fmt: skip
    return json_response(found)


@router.get(
    "/evaluation/mine", response=WorkerMonthOut, operation_id="evaluation_mine",
    summary="我的评价 My month",
)  # fmt: skip
@allows("scores.mine")
def get_mine(request: HttpRequest, month: str = "") -> dict[str, Any]:
    """My own month, step by step, with all its evidence; without a month: the running one."""
    return queries.mine(caller(request), _month(month))


def _month(said: str) -> date:
    return queries.parse_month(said) if said else queries.today().replace(day=1)


@router.get(
    "/evaluation/mine/months", response=WorkerMonthsOut, operation_id="evaluation_my_months",
    summary="我的月份 My months",
)  # fmt: skip
@allows("scores.mine")
def list_my_months(request: HttpRequest) -> dict[str, Any]:
    """Months I can look at, and who looked at them."""
    actor = caller(request)
    return {
        "months": queries.own_months(actor),
        "looks": queries.looks(actor.account_id or 0),
    }


@router.post(
    "/evaluation/look", response=WorkerMonthOut, operation_id="evaluation_look",
    summary="查看一人 One worker’s month",
)  # fmt: skip
@allows("scores.person")
def look(request: HttpRequest, data: EvaluationLookIn) -> dict[str, Any]:
    """One worker's month, for a stated reason. The worker sees who looked and why.

    There is no list of workers with numbers, and no other way to them.
    """
    actor, first = caller(request), queries.parse_month(data.month)
    actions.look(actor, data.account, first, data.why)
    return queries.of_account(data.account, first)


@router.get(
    "/evaluation/rules", response=EvaluationRulesList, operation_id="evaluation_rules",
    summary="评价规则 Rules",
)  # fmt: skip
@allows("scores.read_rules")
def list_rules(request: HttpRequest) -> dict[str, Any]:
    """All versions; everybody who is looked at may read how."""
    names = queries.kind_names()
    return {
        "items": queries.versions(),
        "kinds": [{"code": code, "name": name} for code, name in names.items()],
        "first": queries.next_month(),
    }


@router.post(
    "/evaluation/rules", response={201: EvaluationRulesList},
    operation_id="evaluation_rules_publish", summary="发布规则 Publish",
)  # fmt: skip
@allows("scores.rules")
def publish_rules(request: HttpRequest, data: EvaluationRulesIn) -> Status[dict[str, Any]]:
    """A new version from the first of a month to come; inside a month nothing changes."""
    periods.publish(caller(request), data.rules(), data.starts_on)
    return Status(201, list_rules(request))


@router.post(
    "/evaluation/rules/trial", response=EvaluationTrialOut, operation_id="evaluation_rules_trial",
    summary="规则试算 What last month would have been",
)  # fmt: skip
@allows("scores.rules")
def try_rules(request: HttpRequest, data: EvaluationTrialIn) -> dict[str, Any]:
    """Last month under other rules: counts only, nobody's name."""
    return queries.trial(caller(request), data.rules())


@router.get(
    "/evaluation/months", response=EvaluationMonthList, operation_id="evaluation_months",
    summary="评价月份 Months",
)  # fmt: skip
@allows("scores.rules")
def list_months(request: HttpRequest) -> dict[str, Any]:
    """Frozen months and the last open ones."""
    return {"items": queries.months(caller(request))}


@router.post(
    "/evaluation/months/{month}/freeze", response=EvaluationMonthList,
    operation_id="evaluation_freeze", summary="冻结月份 Freeze",
)  # fmt: skip
@allows("scores.rules")
def freeze(request: HttpRequest, month: str) -> dict[str, Any]:
    """Fix the figures of a month for good; also done by a job on the ninth."""
    actor = caller(request)
    periods.freeze(actor, queries.parse_month(month))
    return {"items": queries.months(actor)}


@router.get(
    "/evaluation/appeals", response=EvaluationAppealList, operation_id="evaluation_appeals",
    summary="评价申诉 Appeals",
)  # fmt: skip
@allows("scores.review")
def list_appeals(request: HttpRequest, ended: bool = False) -> dict[str, Any]:
    """Appeals of my area, the nearest deadline first."""
    return {"items": queries.appeals_to_review(caller(request), ended=ended)}


@router.post(
    "/evaluation/appeals", response={201: EvaluationAppealOut}, operation_id="evaluation_appeal",
    summary="提出申诉 Appeal",
)  # fmt: skip
@allows("scores.mine")
def make_appeal(request: HttpRequest, data: EvaluationAppealIn) -> Status[dict[str, Any]]:
    """Object to my figure: these tasks should not count."""
    if not data.tasks:
        raise Invalid("tasks_bad", T("请选择任务。", "Choose tasks."), field="tasks")
    actor = caller(request)
    row = actions.appeal(actor, data.figure, data.tasks, data.reason)
    return Status(201, queries.appeal_shown(row))


@router.post(
    "/evaluation/appeals/{int:appeal_id}/withdraw", response=EvaluationAppealOut,
    operation_id="evaluation_appeal_withdraw", summary="撤回申诉 Withdraw",
)  # fmt: skip
@allows("scores.mine")
def withdraw(request: HttpRequest, appeal_id: int) -> dict[str, Any]:
    """Take my appeal back while it is open."""
    return queries.appeal_shown(actions.withdraw(caller(request), appeal_id))


@router.get(
    "/evaluation/appeals/{int:appeal_id}", response=EvaluationReviewOut,
    operation_id="evaluation_appeal_get", summary="申诉 One appeal",
)  # fmt: skip
@allows("scores.review")
def get_appeal(request: HttpRequest, appeal_id: int) -> dict[str, Any]:
    """One appeal with the tasks it is about."""
    actor = caller(request)
    return queries.for_review(actor, queries.appeal_to_review(actor, appeal_id))


@router.post(
    "/evaluation/appeals/{int:appeal_id}/review", response=EvaluationReviewOut,
    operation_id="evaluation_appeal_review", summary="审核申诉 Review",
)  # fmt: skip
@allows("scores.review")
def review(request: HttpRequest, appeal_id: int, data: EvaluationReviewIn) -> dict[str, Any]:
    """Give the first or the second review; the second decides and is somebody else's."""
    actor = caller(request)
    actions.review(actor, appeal_id, turn=data.turn, grants=data.grants, reason=data.reason)
    return queries.for_review(actor, queries.appeal_to_review(actor, appeal_id))
