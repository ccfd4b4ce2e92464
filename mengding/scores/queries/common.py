"""The day, a month as it is written, and locks."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from mengding.core import clock
from mengding.core.errors import Invalid
from mengding.core.text import T

ASK_WITHIN = timedelta(days=15)  # an appeal, from the day of the figure
LOCAL = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """The day it is in the district."""
    return clock.now().astimezone(LOCAL).date()


def lock(one: int, two: int | None = None) -> None:
    """Wait until nobody else works on it; until the end of the transaction."""
    with connection.cursor() as cursor:
        if two is None:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [one])
        else:
            cursor.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [one, two])


def parse_month(said: str, *, field: str = "month") -> date:
    """The first day of "2026-10"; raises `Invalid`."""
    try:
        return date.fromisoformat(f"{said}-01")
    except ValueError:
        raise Invalid(
            "month_bad", T("月份应写作 2026-10。", "Write a month as 2026-10."), field=field
        ) from None


def rule_names(ids: set[int]) -> dict[int, str]:
    """For the ledger."""
    return {pk: f"第 {pk} 版" for pk in ids}


def month_names(ids: set[int]) -> dict[int, str]:
    """For the ledger: 202610 → 2026-10."""
    return {pk: f"{pk // 100}-{pk % 100:02}" for pk in ids}
