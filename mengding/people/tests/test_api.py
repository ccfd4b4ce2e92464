"""The tables through HTTP: paging, filters, what each answer says when it refuses."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mengding.core import clock
from mengding.core.actor import Role
from mengding.people import queries
from mengding.people.models import Account, Organisation
from mengding.people.tests.test_signin import sign_in
from mengding.people.tests.world import World

API = "/api/v1"


def as_role(world: World, client: Client, role: Role, org: str = "centre-district") -> Account:
    """Sign in as a fresh account with one post."""
    account = world.account(f"me-{role.value}")
    world.post(account, role, org)
    assert sign_in(client, account.username).status_code == 200
    return account


def send(client: Client, method: str, path: str, data: object = None, **headers: str) -> Any:
    """A JSON request."""
    return client.generic(
        method,
        API + path,
        b"" if data is None else json.dumps(data).encode(),
        content_type="application/json",
        headers=headers or None,
    )


def test_organisations_page_by_page(world: World, client: Client) -> None:
    as_role(world, client, Role.COLLECTOR, "centre-village")
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"{API}/organisations?limit=4&cursor={cursor}").json()
        seen += [item["code"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(world.orgs)
    town = world.regions["town"].pk
    page = client.get(f"{API}/organisations?region={town}&kind=centre&active=true").json()
    assert [item["code"] for item in page["items"]] == ["centre-town", "centre-village"]
    assert client.get(f"{API}/organisations/999999").status_code == 404
    assert client.get(f"{API}/organisations/{10**30}").status_code in (404, 422)
    assert client.get(f"{API}/accounts").status_code == 403


def test_changing_an_organisation_needs_the_current_version(world: World, client: Client) -> None:
    as_role(world, client, Role.SYSTEM_ADMIN)
    body = {"code": "new", "kind": "team", "name": "新", "region": world.regions["town"].pk}
    made = send(client, "POST", "/organisations", body)
    assert made.status_code == 201
    path = f"/organisations/{made.json()['id']}"
    changed = send(client, "PUT", path, {**body, "name": "新队"}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = send(client, "PUT", path, {**body, "name": "旧队", "version": 1})
    assert stale.status_code == 409
    assert stale.json()["current"]["name"] == "新队"
    assert stale.json()["yours"]["name"] == "旧队"
    bad = send(client, "POST", "/organisations", {**body, "code": "Not a code"})
    assert bad.status_code == 422
    assert "code" in str(bad.json())
    assert send(client, "POST", f"{path}/deactivate").json()["active"] is False


def test_accounts_posts_and_tokens(world: World, client: Client) -> None:
    as_role(world, client, Role.SECURITY_ADMIN)
    made = send(client, "POST", "/accounts", {"username": "wang", "name": "王芳"})
    assert made.status_code == 201, made.json()
    pk = made.json()["account"]
    assert len(made.json()["password"]) >= 20
    assert send(client, "POST", "/accounts", {"username": "WANG", "name": "x"}).status_code == 409
    assert (
        send(client, "PUT", f"/accounts/{pk}", {"name": "王芳", "language": "en"}).json()[
            "language"
        ]
        == "en"
    )
    post = send(
        client,
        "POST",
        "/posts",
        {"account": pk, "role": "dispatcher", "organisation": world.orgs["centre-town"].pk},
    )
    assert post.status_code == 201, post.json()
    body = {"post": post.json()["id"], "name": "对接", "scopes": ["case.*"]}
    token = send(client, "POST", "/tokens", body)
    assert token.status_code == 201, token.json()
    listed = client.get(f"{API}/tokens?post={body['post']}").json()["items"]
    assert [t["name"] for t in listed] == ["对接"]
    assert token.json()["token"] not in str(listed)
    revoked = send(client, "POST", f"/tokens/{token.json()['id']}/revoke")
    assert revoked.json()["revoked_at"] is not None
    assert send(client, "POST", f"/posts/{body['post']}/end").json()["active"] is False
    found = client.get(f"{API}/posts?account={pk}&active=false").json()["items"]
    assert [p["id"] for p in found] == [body["post"]]
    assert client.get(f"{API}/accounts?text=王").json()["items"][0]["id"] == pk
    for verb in ("deactivate", "activate", "unlock", "reset-password"):
        assert send(client, "POST", f"/accounts/{pk}/{verb}").status_code == 200, verb
    assert client.get(f"{API}/accounts/{pk}").json()["must_change_password"] is True


def test_a_page_of_accounts_with_their_posts(world: World, client: Client) -> None:
    as_role(world, client, Role.SECURITY_ADMIN)
    for number in range(5):
        account = world.account(f"p{number}", failures=number)
        world.post(account, Role.DESK, "centre-town")
        world.post(account, Role.VERIFIER, "centre-town")
    client.get(f"{API}/accounts?role=desk")
    with CaptureQueriesContext(connection) as asked:
        rows = client.get(f"{API}/accounts?role=desk").json()["items"]
    assert [[post["role"] for post in row["posts"]] for row in rows] == [["desk", "verifier"]] * 5
    assert rows[0]["posts"][0]["organisation_name"] == "centre-town"
    assert len(asked) == 3  # the session, the accounts, their posts
    later = clock.now() + timedelta(minutes=5)
    Account.objects.filter(username="p3").update(locked_until=later)
    locked = client.get(f"{API}/accounts?locked=true").json()["items"]
    assert [row["username"] for row in locked] == ["p3"]
    open_ = client.get(f"{API}/accounts?locked=false&text=p").json()["items"]
    assert "p3" not in [row["username"] for row in open_]
    assert len(open_) >= 4
    held = {row["role"]: row["actions"] for row in client.get(f"{API}/roles").json()}
    assert "case.close" in held["verifier"]
    assert "case.close" not in held["handler"]


def test_a_district_over_http(world: World, client: Client) -> None:
    as_role(world, client, Role.SYSTEM_ADMIN)
    csv = "county_code,county,town_code9,town,village_code12,village\n"
    csv += "511802,雨城区,511802001,东城街道,511802001001,北二路社区居委会\n"
    tried = send(client, "POST", "/districts", {"csv": csv}).json()
    assert (tried["dry_run"], tried["written"], tried["created"]) == (True, False, 3)
    wrong = {"csv": csv.replace("511802001001", "9"), "dry_run": False}
    refused = send(client, "POST", "/districts", wrong)
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["line"] == 2
    made = send(client, "POST", "/districts", {"csv": csv, "dry_run": False}).json()
    assert made["written"] is True
    assert made["centres"][0]["code"] == "centre-511802"
    centre = Organisation.objects.get(code="centre-511802").pk
    assert client.get(f"{API}/organisations/{centre}/staff").json() == []
    hanging = client.get(f"{API}/organisations/{centre}/dependents").json()
    assert [(each["code"], each["count"]) for each in hanging] == [("children", 1)]


def test_sign_in_is_rate_limited(world: World, client: Client) -> None:
    codes = {sign_in(client, "nobody", "Wrong-2026-x").status_code for _ in range(32)}
    assert codes == {401, 429}


@pytest.mark.parametrize("name", ["", "x" * 151, "a\0b", "王芳", "%", "_"])
def test_odd_names_are_refused_not_broken(world: World, client: Client, name: str) -> None:
    world.account("desk")
    assert sign_in(client, name).status_code in (400, 401, 422)


def test_a_session_request_costs_one_query_for_the_session(world: World, client: Client) -> None:
    as_role(world, client, Role.DESK, "centre-town")
    client.get(f"{API}/organisations/999999")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"{API}/organisations/999999")
    assert len(asked) == 2, asked.captured_queries  # the session, the organisation
    with CaptureQueriesContext(connection) as asked:
        queries.forget()
        client.get(f"{API}/organisations/999999")
    assert len(asked) == 6  # and account, posts, organisations, regions once every 10 s
