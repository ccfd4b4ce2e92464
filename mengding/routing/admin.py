"""The rule versions in the admin, to look at: changes go through the API, which checks them."""

from collections.abc import Iterable

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from mengding.routing import file
from mengding.routing.models import RuleSet
from mengding.routing.rules import unreachable


@admin.register(RuleSet)
class RuleSetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only, drafts too: a draft saved here would bypass its checks and the ledger."""

    list_display = ("version", "status", "rule_count", "saved_at", "published_at", "retired_at")
    list_filter = ("status",)
    fields = (
        *("version", "status", "revision", "copied_from"),
        *("saved_at", "published_at", "retired_at"),
        *("rule_table", "never_reached"),
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    @admin.display(description="规则数")
    def rule_count(self, row: RuleSet) -> int:
        """How many rules the version has."""
        return len(row.rules["rules"])

    @admin.display(description="规则（按顺序，先符合者生效）")
    def rule_table(self, row: RuleSet) -> SafeString:
        """The rules in order, one line each."""
        return _lines(
            f"{number}. {rule['name']}（{rule['code']}）{'' if rule['active'] else '【停用】'}："
            f"{_conditions(rule['when'])} → {_target(rule['target'])}"
            for number, rule in enumerate(row.rules["rules"], start=1)
        )

    @admin.display(description="永远轮不到的规则")
    def never_reached(self, row: RuleSet) -> SafeString:
        """Rules that no case can reach."""
        found = unreachable(file.load(row.rules))
        return _lines(f"{item.rule.name}：{item.why.zh}" for item in found) or SafeString("无")


_WHEN = {
    "class_codes": "类别",
    "condition_codes": "立案条件",
    "kinds": "类型",
    "grades": "等级",
    "region_codes": "区划",
    "channels": "渠道",
    "weekdays": "星期",
    "hours": "时段",
    "worktime": "工作时间",
    "text_any": "描述含",
}
_TIER = {"village": "村（社区）级", "town": "镇（街道）级", "district": "区级"}
_DEPARTMENT = {"default": "类别默认部门", "centre": "本级综治中心"}


def _conditions(when: dict[str, object]) -> str:
    return "，".join(f"{_WHEN[key]} {_said(value)}" for key, value in when.items()) or "一律"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _target(target: dict[str, object]) -> str:
    department = str(target["department"])
    urgent = "，紧急直达" if target["emergency"] else ""
    return f"{_TIER[str(target['tier'])]} {_DEPARTMENT.get(department, department)}{urgent}"


def _lines(lines: Iterable[str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines))
