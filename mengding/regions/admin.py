"""The divisions in the admin: names are changed here, boundaries come from files."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from mengding.core.actor import Actor
from mengding.core.errors import DomainError, NotSignedIn
from mengding.core.text import T
from mengding.http.request import actor_of
from mengding.policy.permissions import holds
from mengding.regions import actions, codes
from mengding.regions.actions import RegionChange, RegionData
from mengding.regions.models import Region

_LEVELS = {level.value: name.zh for level, name in codes.LEVEL_NAMES.items()}
_KINDS = {
    codes.Kind.DISTRICT: "区县",
    codes.Kind.SUBDISTRICT: "街道",
    codes.Kind.TOWN: "镇",
    codes.Kind.TOWNSHIP: "乡",
    codes.Kind.TOWN_LIKE: "类似镇街",
    codes.Kind.COMMUNITY: "社区",
    codes.Kind.VILLAGE: "村",
    codes.Kind.GRID: "网格",
}


class LevelFilter(admin.SimpleListFilter):
    """Levels by their Chinese names."""

    title = "层级"
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The four levels."""
        return list(_LEVELS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Region]) -> QuerySet[Region]:
        """Only the chosen level."""
        return queryset.filter(level=self.value()) if self.value() in _LEVELS else queryset


class RegionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Code and names; everything else follows from them or comes from a file."""

    class Meta:
        model = Region
        fields = ("code", "name", "name_en")

    def clean_name(self) -> str:
        """Checked by the action as well; here so that the field shows it."""
        name = str(self.cleaned_data["name"]).strip()
        if not name:
            raise ValidationError("请填写名称。")
        return name


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Every write goes through the actions, which check it and record it."""

    form = RegionForm
    list_display = ("code", "name", "level_name", "kind_name", "boundary_state", "active")
    list_filter = (LevelFilter, "active", "generated")
    search_fields = ("code", "name", "name_en")
    list_per_page = 100
    ordering = ("path",)
    actions = ("deactivate", "activate")
    readonly_fields = ("level_name", "kind_name", "parent", "boundary_state", "active", "version")
    fields = ("code", "name", "name_en", *readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Region]:
        """Without the boundaries, which are large."""
        return super().get_queryset(request).defer("boundary")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code is fixed once it is there."""
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever may read divisions."""
        return _may(request, "regions.read")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for viewing."""
        return _may(request, "regions.read")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever manages divisions."""
        return _may(request, "regions.manage")

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever manages divisions."""
        return _may(request, "regions.manage")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never: cases lie in them. They are taken out of use."""
        return False

    def save_model(self, request: HttpRequest, obj: Region, form: Any, change: bool) -> None:
        """Through the actions."""
        if change:
            changed = RegionChange(name=obj.name, name_en=obj.name_en)
            saved = actions.update_region(_actor(request), obj.pk, changed)
        else:
            saved = actions.create_region(
                _actor(request), RegionData(code=obj.code, name=obj.name, name_en=obj.name_en)
            )
        obj.pk, obj.version = saved.pk, saved.version

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; what an action refuses leads back to it with the reason."""
        try:
            shown: HttpResponse = super().changeform_view(
                request, unquote(object_id) if object_id else None, form_url, extra_context
            )
        except DomainError as error:
            self.message_user(request, error.text.said(), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return shown

    @admin.action(description="停用所选区划", permissions=["change"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[Region]) -> None:
        """Deepest first, so that a whole branch can be chosen."""
        for row in sorted(rows, key=lambda r: r.path, reverse=True):
            self._tell(request, row, actions.deactivate_region)

    @admin.action(description="恢复启用所选区划", permissions=["change"])
    def activate(self, request: HttpRequest, rows: QuerySet[Region]) -> None:
        """Parents first."""
        for row in sorted(rows, key=lambda r: r.path):
            self._tell(request, row, actions.activate_region)

    def _tell(self, request: HttpRequest, row: Region, act: Any) -> None:
        try:
            act(_actor(request), row.pk)
        except DomainError as error:
            self.message_user(request, f"{row.name}：{error.text.said()}", messages.ERROR)

    @admin.display(description="层级", ordering="level")
    def level_name(self, row: Region) -> str:
        """The level in Chinese."""
        return _LEVELS.get(row.level, "")

    @admin.display(description="类别")
    def kind_name(self, row: Region) -> str:
        """Street office, town, community, … from the code."""
        return _KINDS[codes.kind(row.code)] if row.code else ""

    @admin.display(description="边界")
    def boundary_state(self, row: Region) -> str:
        """Whether there is one, and whether it was made up."""
        if row.bounds is None:
            return "无"
        return "生成（演示）" if row.generated else "有"


def _may(request: HttpRequest, action: str) -> bool:
    actor = actor_of(request)
    return actor is not None and holds(actor, action)


def _actor(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if actor is None:
        raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
    return actor
