"""The admin site's tables of people. Every write goes through the actions."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import DomainError
from mengding.people import actions
from mengding.people.actions.signin import replace_password
from mengding.people.api.caller import caller
from mengding.people.models import Account, Organisation, Post, Token

admin.site.site_header = admin.site.site_title = "蒙顶管理"
admin.site.index_title = "配置"


class OwnPassword(PasswordChangeForm):
    """The admin site's own password page, counted and recorded like any other change."""

    def clean_old_password(self) -> str:
        """Left to `clean`, which counts failures."""
        return str(self.cleaned_data["old_password"])

    def clean(self) -> dict[str, Any]:
        """Change the password once everything else is right."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            own = Actor(kind=ActorKind.STAFF, account_id=self.user.pk)
            try:
                self.user = replace_password(own, data["old_password"], data["new_password1"])
            except DomainError as error:
                field = "old_password" if error.field == "old_password" else "new_password1"
                self.add_error(field, ValidationError(error.text.said(), code=error.code))
        return data

    def save(self, commit: bool = True) -> Account:
        """Done by `clean` already."""
        return self.user


def own_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
    """The admin site's password page with `OwnPassword`: Django offers no setting for it."""
    view = PasswordChangeView.as_view(
        form_class=OwnPassword,
        success_url=reverse("admin:password_change_done"),
        extra_context={**admin.site.each_context(request), **(extra_context or {})},
    )
    return view(request)


admin.site.password_change = own_password  # type: ignore[method-assign]


class ThroughActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows what an action refuses as a message instead of an error page."""

    list_per_page = 50

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form; a refusal leads back to it."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            self.message_user(request, error.text.said(), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def each(
        self, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Actor, int], object]
    ) -> None:
        """Run an action on each chosen row; refusals are named, the others done."""
        for row in rows:
            try:
                act(caller(request), row.pk)
            except DomainError as error:
                self.message_user(request, f"{row}：{error.text.said()}", messages.ERROR)
            else:
                self.message_user(request, f"{row}：已完成")


@admin.register(Organisation)
class OrganisationAdmin(ThroughActions):
    """机构 (system administrator)."""

    fields = ("code", "kind", "name", "name_en", "region", "parent", "department_code")
    list_display = ("code", "name", "kind", "region", "department_code", "active")
    list_filter = ("kind", "active")
    search_fields = ("code", "name", "department_code")
    list_select_related = ("region",)
    raw_id_fields = ("region", "parent")
    actions = ("close",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code is fixed once given."""
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Create or update."""
        data = actions.OrganisationData(
            code=obj.code,
            kind=obj.kind,
            name=obj.name,
            name_en=obj.name_en,
            region=obj.region_id,
            parent=obj.parent_id,
            department_code=obj.department_code,
        )
        if change:
            _take(obj, actions.update_organisation(caller(request), obj.pk, data))
        else:
            _take(obj, actions.create_organisation(caller(request), data))

    @admin.action(description="停用所选机构", permissions=["change"])
    def close(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Close organisations."""
        self.each(request, rows, actions.deactivate_organisation)


@admin.register(Account)
class AccountAdmin(ThroughActions):
    """账号 (security administrator)."""

    list_display = ("username", "name", "is_active", "locked_until", "last_login", "is_demo")
    list_filter = ("is_active", "is_demo", "must_change_password")
    search_fields = ("username", "name")
    actions = ("unlock", "reset", "switch_off", "switch_on")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """States are shown, not edited."""
        if obj is None:
            return ("username", "name", "language")
        return ("username", "name", "language", *self.get_readonly_fields(request, obj)[1:])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nothing of a new account; all but name and language of an old one."""
        if obj is None:
            return ()
        return (
            "username",
            "is_active",
            "must_change_password",
            "failures",
            "locked_until",
            "password_changed_at",
            "last_login",
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Create (and show the first password once) or update."""
        actor = caller(request)
        if change:
            changed = actions.update_account(actor, obj.pk, name=obj.name, language=obj.language)
            _take(obj, changed)
            return
        account, password = actions.create_account(
            actor, username=obj.username, name=obj.name, language=obj.language
        )
        _take(obj, account)
        self._show(request, account, password)

    @admin.action(description="解锁所选账号", permissions=["change"])
    def unlock(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """End locks."""
        self.each(request, rows, actions.unlock_account)

    @admin.action(description="重置所选账号的密码", permissions=["change"])
    def reset(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """New one-time passwords, shown once."""
        names = {row.pk: row for row in rows}
        self.each(
            request,
            rows,
            lambda actor, pk: self._show(request, names[pk], actions.reset_password(actor, pk)),
        )

    @admin.action(description="停用所选账号", permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Switch accounts off."""
        self.each(request, rows, actions.deactivate_account)

    @admin.action(description="启用所选账号", permissions=["change"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Switch accounts on."""
        self.each(request, rows, actions.activate_account)

    def _show(self, request: HttpRequest, account: Account, password: str) -> None:
        said = f"{account} 的一次性密码（只显示这一次）：{password}"
        self.message_user(request, said, messages.WARNING)


class _MadeOnce(ThroughActions):
    """Made and ended, never edited."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The list and its actions only."""
        return obj is None and super().has_change_permission(request, obj)


@admin.register(Post)
class PostAdmin(_MadeOnce):
    """岗位 (security administrator)."""

    fields = ("account", "role", "organisation", "region")
    list_display = ("account", "role", "organisation", "region", "active")
    list_filter = ("role", "active")
    search_fields = ("account__username", "account__name", "organisation__name")
    list_select_related = ("account", "organisation", "region")
    raw_id_fields = ("account", "organisation", "region")
    actions = ("end",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Create."""
        made = actions.create_post(
            caller(request),
            account=obj.account_id,
            role=obj.role,
            organisation=obj.organisation_id,
            region=obj.region_id,
        )
        _take(obj, made)

    @admin.action(description="结束所选岗位", permissions=["change"])
    def end(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """End posts and revoke their tokens."""
        self.each(request, rows, actions.end_post)


@admin.register(Token)
class TokenAdmin(_MadeOnce):
    """令牌 (security administrator)."""

    fields = ("post", "name", "scopes", "expires_at")
    list_display = ("name", "post", "created_at", "expires_at", "revoked_at", "last_used_on")
    list_filter = ("revoked_at", "last_used_on")
    search_fields = ("name",)
    list_select_related = ("post__account", "post__organisation")
    raw_id_fields = ("post",)
    actions = ("revoke",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Issue, and show the text once."""
        token, text = actions.issue_token(
            caller(request),
            post=obj.post_id,
            name=obj.name,
            scopes=obj.scopes,
            expires_at=obj.expires_at,
        )
        _take(obj, token)
        self.message_user(request, f"令牌（只显示这一次）：{text}", messages.WARNING)

    @admin.action(description="撤销所选令牌", permissions=["change"])
    def revoke(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Revoke tokens."""
        self.each(request, rows, actions.revoke_token)


def _take(obj: Any, saved: Any) -> None:
    """Give the form's object what the action saved: the admin goes on with its id."""
    for field in saved._meta.concrete_fields:
        setattr(obj, field.attname, getattr(saved, field.attname))
