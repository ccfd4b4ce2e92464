"""Attachments in the console: facts for the auditor, nothing to edit and nothing to look at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mengding.evidence.models import Blob, Evidence
from mengding.http.request import actor_of
from mengding.policy.permissions import can


class ReadOnly:
    """Seen by those who read the ledger; written by nobody."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        actor = actor_of(request)
        return actor is not None and can(actor, "ledger.read")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Evidence)
class EvidenceAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    # Without name and place: the console of the auditor shows that something was attached,
    # by whom and when, not what it is about.
    list_display = ("id", "subject_kind", "subject_id", "purpose", "blob", "account", "created_at")
    list_filter = ("subject_kind", "purpose", ("erased_at", admin.EmptyFieldListFilter))
    list_select_related = ("blob", "account")
    search_fields = ("=subject_id", "blob__sha256")
    date_hierarchy = "created_at"
    show_full_result_count = False
    fields = (
        *("subject_kind", "subject_id", "purpose", "blob", "mock"),
        *("account", "post", "created_at", "erased_at"),
    )


@admin.register(Blob)
class BlobAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "media_type", "size", "width", "height", "stored_at", "erased_at")
    list_filter = ("media_type", ("erased_at", admin.EmptyFieldListFilter))
    search_fields = ("sha256",)
    show_full_result_count = False
