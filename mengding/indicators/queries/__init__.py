"""Reading numbers: values, the cases behind them, closed periods."""

from mengding.indicators.measures import Value
from mengding.indicators.queries.closed import corrections, period, periods
from mengding.indicators.queries.drill import Found, cases_of
from mengding.indicators.queries.scope import Filters, Scope, cases_in, scope_of
from mengding.indicators.queries.state import state
from mengding.indicators.queries.values import BYS, Answer, Row, measure

__all__ = [
    "BYS",
    "Answer",
    "Filters",
    "Found",
    "Row",
    "Scope",
    "Value",
    "cases_in",
    "cases_of",
    "corrections",
    "measure",
    "period",
    "periods",
    "scope_of",
    "state",
]
