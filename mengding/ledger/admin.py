"""The ledger in the admin site: to read, for the auditor. Nothing can be changed there."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mengding.ledger.models import Event, Outbox


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """No adding, changing or deleting, whatever anybody's permissions say."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


# What the kinds of subjects are called; one that is missing here shows its code.
KINDS = {
    "account": "账号",
    "calendar": "工作日历",
    "case": "案件",
    "catalogue": "事项目录",
    "evidence": "附件",
    "limits": "环节时限",
    "organisation": "机构",
    "post": "岗位",
    "region": "区划",
    "routing": "派遣规则",
    "token": "令牌",
}
ACTORS = {"staff": "人员", "machine": "接口令牌", "resident": "居民", "system": "系统"}


class _CodeFilter(admin.SimpleListFilter):
    """A filter over a column of codes, shown by their Chinese names."""

    names: dict[str, str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All codes, without asking ten million events which of them occur."""
        return list(self.names.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Narrow by the chosen code."""
        chosen = self.value()
        return queryset.filter(**{str(self.parameter_name): chosen}) if chosen else queryset


class KindFilter(_CodeFilter):
    title, parameter_name, names = "对象", "subject_kind", KINDS


class ActorFilter(_CodeFilter):
    title, parameter_name, names = "操作者类型", "actor_kind", ACTORS


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Events without their words."""

    list_display = ("id", "at", "subject", "subject_id", "seq", "action", "actor", "account_id")
    list_filter = (KindFilter, ActorFilter)
    search_fields = ("=subject_id", "action__startswith")
    ordering = ("-id",)
    show_full_result_count = False
    exclude = ("words", "words_digest", "prev", "hash")

    @admin.display(description="对象", ordering="subject_kind")
    def subject(self, event: Event) -> str:
        """The kind of subject by its name."""
        return KINDS.get(event.subject_kind, event.subject_kind)

    @admin.display(description="操作者")
    def actor(self, event: Event) -> str:
        """The kind of actor by its name."""
        return ACTORS.get(event.actor_kind, event.actor_kind)


@admin.register(Outbox)
class OutboxAdmin(ReadOnly):
    """What waits to leave, and what could not."""

    list_display = ("key", "kind", "due_at", "attempts", "done_at", "failed_at")
    list_filter = ("kind", ("failed_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)
    show_full_result_count = False
