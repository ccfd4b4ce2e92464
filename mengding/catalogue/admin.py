"""The catalogue in the console: read everything, publish and retire; content comes from files."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from mengding.catalogue import actions
from mengding.catalogue.models import CaseClass, Condition, SchemeVersion
from mengding.core.actor import Actor
from mengding.core.errors import DomainError
from mengding.policy.permissions import can


def _may(request: HttpRequest, action: str) -> bool:
    actor: Actor | None = getattr(request, "actor", None)
    return actor is not None and can(actor, action)


class ReadOnly:
    """Nothing is edited by hand: a change is a new file, loaded as a new version."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _may(request, "catalogue.manage")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, "catalogue.manage")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SchemeVersion)
class SchemeVersionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        *("title_zh", "scheme", "version", "status"),
        *("class_count", "loaded_at", "published_at", "retired_at"),
    )
    list_filter = ("status", "scheme")
    actions = ("publish", "retire")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SchemeVersion]:
        rows: QuerySet[SchemeVersion] = super().get_queryset(request).select_related("scheme")
        return rows.annotate(class_count=Count("caseclass"))

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return _may(request, "catalogue.manage")

    @admin.display(description="小类数", ordering="class_count")
    def class_count(self, version: SchemeVersion) -> int:
        count: int = getattr(version, "class_count", 0)
        return count

    @admin.action(description="启用所选版本", permissions=["manage"])
    def publish(self, request: HttpRequest, rows: QuerySet[SchemeVersion]) -> None:
        self._each(request, rows, actions.publish, "已启用")

    @admin.action(description="停用所选版本", permissions=["manage"])
    def retire(self, request: HttpRequest, rows: QuerySet[SchemeVersion]) -> None:
        self._each(request, rows, actions.retire, "已停用")

    def _each(
        self, request: HttpRequest, rows: QuerySet[SchemeVersion], act: Any, done: str
    ) -> None:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        for version in rows:
            try:
                act(actor, version)
            except DomainError as error:
                self.message_user(request, f"{version}：{error.text.said()}", messages.ERROR)
            else:
                self.message_user(request, f"{version}：{done}", messages.SUCCESS)


class ConditionInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Condition
    fields = ("code", "filing_zh", "closing_zh", "limit_amount", "limit_unit", "grade")
    extra = 0


@admin.register(CaseClass)
class CaseClassAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        *("code", "zh", "big_zh", "kind", "grade", "default_department"),
        *("public", "confidential", "version"),
    )
    list_filter = ("version", "kind", "grade", "public", "confidential")
    list_select_related = ("version__scheme",)
    search_fields = ("code", "zh", "en", "big_zh")
    inlines = (ConditionInline,)
