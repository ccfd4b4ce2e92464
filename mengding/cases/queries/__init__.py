"""Every read of cases; visibility comes from `cases.visibility` alone."""

from mengding.cases.queries.anchors import anchors
from mengding.cases.queries.approvals import approval_detail, approval_queue
from mengding.cases.queries.clusters import case_map
from mengding.cases.queries.detail import case_detail, get_case, get_report, version_of
from mengding.cases.queries.duplicates import duplicate_candidates
from mengding.cases.queries.filtering import Filters
from mengding.cases.queries.lists import (
    MOST_SKIPPED,
    ORDERS,
    capped_count,
    case_counts,
    case_page,
    head_of,
)
from mengding.cases.queries.nexts import next_actions
from mengding.cases.queries.rechecks import draw_detail, draws, rechecks
from mengding.cases.queries.timeline import timeline
from mengding.cases.queries.work import workbench

__all__ = [
    "MOST_SKIPPED",
    "ORDERS",
    "Filters",
    "anchors",
    "approval_detail",
    "approval_queue",
    "capped_count",
    "case_counts",
    "case_detail",
    "case_map",
    "case_page",
    "draw_detail",
    "draws",
    "duplicate_candidates",
    "get_case",
    "get_report",
    "head_of",
    "next_actions",
    "rechecks",
    "timeline",
    "version_of",
    "workbench",
]
