"""The admin site: each administrator sees their part, and every write is an action."""

import pytest
from django.test import Client

from mengding.core.actor import Role
from mengding.ledger.models import Event
from mengding.people import desk
from mengding.people.models import Account, Organisation, Post, Token
from mengding.people.tests.world import PASSWORD, World


def enter(world: World, client: Client, role: Role) -> Account:
    """Sign in at the admin site's own form."""
    account = world.account(f"admin-{role.value}")
    world.post(account, role, "centre-district")
    data = {"username": account.username, "password": PASSWORD}
    client.post("/admin/login/?next=/admin/", data)
    return account


@pytest.mark.parametrize("role", Role)
def test_what_each_role_opens(world: World, client: Client, role: Role) -> None:
    enter(world, client, role)
    opens = {
        name: client.get(f"/admin/people/{name}/").status_code == 200
        for name in ("organisation", "account", "post", "token")
    }
    adds = {
        name: client.get(f"/admin/people/{name}/add/").status_code == 200
        for name in ("organisation", "account", "post", "token")
    }
    people = role in (Role.SECURITY_ADMIN, Role.AUDITOR)
    inside = people or role is Role.SYSTEM_ADMIN
    assert opens == {"organisation": inside, "account": people, "post": people, "token": people}
    security = role is Role.SECURITY_ADMIN
    system = role is Role.SYSTEM_ADMIN
    assert adds == {
        "organisation": system,
        "account": security,
        "post": security,
        "token": security,
    }


def test_nobody_sees_cases_or_deletes_there() -> None:
    for role in Role:
        assert not desk.permits(role, "cases.view_case")
        assert not desk.permits(role, "evidence.view_blob")
        assert not desk.permits_any(role, "cases")
        for part in desk.PARTS:
            app, _, model = part.partition(".")
            assert not desk.permits(role, f"{app}.delete_{model or 'anything'}")
        assert not desk.permits(role, "ledger.change_event")
        assert desk.permits(role, "ledger.view_event") == (role is Role.AUDITOR)


def test_the_form_counts_failures_and_signs_out(world: World, client: Client) -> None:
    account = enter(world, client, Role.AUDITOR)
    client.post("/admin/logout/")
    for _ in range(5):
        data = {"username": account.username, "password": "Wrong-2026-x"}
        client.post("/admin/login/?next=/admin/", data)
    account.refresh_from_db()
    assert account.locked_until is not None
    client.post("/admin/login/?next=/admin/", {"username": account.username, "password": PASSWORD})
    assert client.get("/admin/people/account/").status_code == 302
    found = list(
        Event.objects.filter(subject_kind="account", subject_id=account.pk)
        .order_by("seq")
        .values_list("action", flat=True)
    )
    assert found == [
        "account.sign_in",
        "account.sign_out",
        *["account.sign_in_failed"] * 5,
        "account.lock",
        "account.sign_in_refused",
    ]


def test_accounts_posts_and_tokens_are_made_by_actions(world: World, client: Client) -> None:
    me = enter(world, client, Role.SECURITY_ADMIN)
    page = client.post(
        "/admin/people/account/add/",
        {"username": "wang", "name": "王芳", "language": "zh"},
        follow=True,
    )
    account = Account.objects.get(username="wang")
    assert account.must_change_password
    assert "一次性密码" in page.content.decode()
    post = {
        "account": account.pk,
        "role": "auditor",
        "organisation": world.orgs["centre-town"].pk,
        "region": world.regions["town"].pk,
    }
    client.post("/admin/people/post/add/", post, follow=True)
    made = Post.objects.get(account=account)
    refused = client.post("/admin/people/post/add/", {**post, "role": "system_admin"}, follow=True)
    assert refused.status_code == 200
    assert Post.objects.filter(account=account).count() == 1
    page = client.post(
        "/admin/people/token/add/",
        {
            "post": made.pk,
            "name": "t",
            "scopes": "ledger.read",
            "expires_at_0": "",
            "expires_at_1": "",
        },
        follow=True,
    )
    assert "mg_" in page.content.decode()
    token = Token.objects.get(post=made)
    client.post(
        "/admin/people/token/", {"action": "revoke", "_selected_action": token.pk}, follow=True
    )
    token.refresh_from_db()
    assert token.revoked_at is not None
    own = Event.objects.filter(account_id=me.pk).exclude(action="account.sign_in")
    assert [e.action for e in own.order_by("id")] == [
        "account.create",
        "post.create",
        "token.issue",
        "token.revoke",
    ]


def test_account_actions(world: World, client: Client) -> None:
    enter(world, client, Role.SECURITY_ADMIN)
    account = world.account("wang", failures=5)
    url = "/admin/people/account/"
    for action in ("unlock", "reset", "switch_off", "switch_on"):
        data = {"action": action, "_selected_action": account.pk}
        page = client.post(url, data, follow=True)
        assert "已完成" in page.content.decode(), action
    assert client.get(f"{url}{account.pk}/change/").status_code == 200
    account.refresh_from_db()
    assert (account.failures, account.is_active, account.must_change_password) == (0, True, True)


def test_organisations_by_the_system_administrator(world: World, client: Client) -> None:
    enter(world, client, Role.SYSTEM_ADMIN)
    data = {
        "code": "parks",
        "kind": "department",
        "name": "园林",
        "name_en": "",
        "region": world.regions["town"].pk,
        "parent": "",
        "department_code": "parks",
    }
    client.post("/admin/people/organisation/add/", data, follow=True)
    org = Organisation.objects.get(code="parks")
    client.post(f"/admin/people/organisation/{org.pk}/change/", {**data, "name": "园林所"})
    org.refresh_from_db()
    assert (org.name, org.version) == ("园林所", 2)
    bad = {**data, "code": "Parks!", "department_code": ""}
    page = client.post("/admin/people/organisation/add/", bad, follow=True)
    assert "代码由小写字母" in page.content.decode()


def test_own_password_page_is_recorded(world: World, client: Client) -> None:
    account = enter(world, client, Role.AUDITOR)
    url = "/admin/password_change/"

    def change(old: str, new: str) -> int:
        data = {"old_password": old, "new_password1": new, "new_password2": new}
        return client.post(url, data).status_code

    assert change("Wrong-2026-x", "Other-garden-2027") == 200
    account.refresh_from_db()
    assert account.failures == 1
    assert change(PASSWORD, "Other-garden-2027") == 302
    account.refresh_from_db()
    assert account.check_password("Other-garden-2027")
    assert client.get("/admin/people/account/").status_code == 200
    assert Event.objects.filter(action="account.change_password").count() == 1
