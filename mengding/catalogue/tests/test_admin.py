"""The console: in Chinese, read-only, publishing through the actions."""

from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest
from django.test import RequestFactory

from mengding.catalogue import actions
from mengding.catalogue.models import CaseClass, SchemeVersion, Status
from mengding.catalogue.tests.test_versions import ADMIN, small
from mengding.core.actor import Actor, ActorKind, Role


class _Messages(list[str]):
    def add(self, level: int, message: str, tags: str = "") -> None:
        self.append(message)


def request_of(actor: Actor | None) -> Any:
    request: Any = RequestFactory().get("/admin/")
    request.actor = actor
    request._messages = _Messages()
    return request


@pytest.mark.parametrize("model", [SchemeVersion, CaseClass])
def test_read_only_and_for_the_system_administrator(model: Any) -> None:
    page = admin.site.get_model_admin(model)
    request: HttpRequest = request_of(ADMIN)
    assert page.has_view_permission(request)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
    other = Actor(kind=ActorKind.STAFF, account_id=2, post_id=2, role=Role.AUDITOR)
    for stranger in (request_of(other), request_of(None)):
        assert not page.has_view_permission(stranger)
        assert not page.get_actions(stranger)


def test_publishing_from_the_list(db: None) -> None:
    page: Any = admin.site.get_model_admin(SchemeVersion)
    version = actions.load_file(ADMIN, small())
    request = request_of(ADMIN)
    rows = page.get_queryset(request)
    assert page.class_count(rows.get()) == 2
    page.publish(request, rows)
    version.refresh_from_db()
    assert version.status == Status.ACTIVE
    page.publish(request, rows)
    assert list(request._messages) == ["mengding 1：已启用", "mengding 1：该版本已在启用中。"]
