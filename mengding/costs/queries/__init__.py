"""Reading costs: rates, sums and medians, what is behind them, the reckoning of one case."""

from mengding.costs.queries.cases import behind, reckoning_of
from mengding.costs.queries.counts import BYS, ENDINGS
from mengding.costs.queries.daily import daily
from mengding.costs.queries.rates import rates_page
from mengding.costs.queries.values import as_csv, values

__all__ = ["BYS", "ENDINGS", "as_csv", "behind", "daily", "rates_page", "reckoning_of", "values"]
