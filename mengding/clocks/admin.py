"""Calendars and limits in the admin, to look at: a change is a new version, made by the API."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from mengding.clocks import queries
from mengding.clocks.models import Calendar, ClockKind, StageLimits
from mengding.core.actor import Actor
from mengding.core.text import T
from mengding.policy.permissions import can

_WEEKDAYS = "一二三四五六日"
_UNITS = {
    "urgent_minute": "紧急工作分钟",
    "work_minute": "工作分钟",
    "urgent_hour": "紧急工作时",
    "work_hour": "工作时",
    "work_day": "工作日",
    "natural_day": "自然日",
}


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Running clocks are frozen with a version, so no version may ever change."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for viewing."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who sets them up."""
        actor: Actor | None = getattr(request, "actor", None)
        return actor is not None and can(actor, "calendars.manage")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False


@admin.register(Calendar)
class CalendarAdmin(ReadOnly):
    """Working calendars, version by version."""

    list_display = ("name", "code", "version", "active", "created_at")
    list_filter = ("active", "code")
    ordering = ("code", "-version")
    fields = (
        *("code", "version", "name", "active", "created_at"),
        *("hours", "weekend", "differing_days", "uncertain"),
    )
    readonly_fields = fields

    @admin.display(description="工作时间")
    def hours(self, row: Calendar) -> str:
        """The hours of one working day."""
        return "，".join(f"{start}—{end}" for start, end in row.spec["segments"])

    @admin.display(description="每周休息")
    def weekend(self, row: Calendar) -> str:
        """Rest days of a week without holidays."""
        return "、".join(f"周{_WEEKDAYS[day]}" for day in row.spec.get("weekend", [])) or "无"

    @admin.display(description="例外日期")
    def differing_days(self, row: Calendar) -> SafeString:
        """Dates entered by hand, which win over everything."""
        days = row.spec.get("overrides", {})
        return _lines(f"{day}：{'上班' if works else '休息'}" for day, works in days.items())

    @admin.display(description="提醒")
    def uncertain(self, row: Calendar) -> SafeString:
        """What is not known yet, e.g. next year's holidays."""
        return _lines(T(found.zh, found.en).said() for found in queries.calendar_warnings(row.pk))


@admin.register(StageLimits)
class StageLimitsAdmin(ReadOnly):
    """Stage limits, version by version."""

    list_display = ("version", "active", "yellow_percent", "created_at")
    list_filter = ("active",)
    ordering = ("-version",)
    fields = ("version", "active", "yellow_percent", "created_at", "table")
    readonly_fields = fields

    @admin.display(description="各环节时限")
    def table(self, row: StageLimits) -> SafeString:
        """One line a stage."""
        return _lines(
            f"{ClockKind(kind).label}：{limit['amount']} {_UNITS[limit['unit']]}"
            for kind, limit in row.limits.items()
        )


def _lines(lines: Iterable[str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or SafeString("无")
