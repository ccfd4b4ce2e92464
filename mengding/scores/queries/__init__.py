"""Every read of evaluation."""

from mengding.scores.queries.appeals import appeal_shown, appeal_to_review, for_review, own_appeal
from mengding.scores.queries.appeals import appeals as appeals_to_review
from mengding.scores.queries.common import LOCAL, lock, month_names, parse_month, rule_names, today
from mengding.scores.queries.figures import (
    looks,
    mine,
    of_account,
    own_figure,
    own_months,
    person_in_area,
)
from mengding.scores.queries.pieces import against, kind_names, newest
from mengding.scores.queries.rules import months, next_month, rules_for, trial, versions

__all__ = [
    "LOCAL",
    "against",
    "appeal_shown",
    "appeal_to_review",
    "appeals_to_review",
    "for_review",
    "kind_names",
    "lock",
    "looks",
    "mine",
    "month_names",
    "months",
    "newest",
    "next_month",
    "of_account",
    "own_appeal",
    "own_figure",
    "own_months",
    "parse_month",
    "person_in_area",
    "rule_names",
    "rules_for",
    "today",
    "trial",
    "versions",
]
