"""The routing rules over HTTP, with real tokens."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from mengding.core import clock
from mengding.core.actor import Role
from mengding.people import queries as people
from mengding.people.models import Account, Organisation, OrgKind, Post, Token
from mengding.regions.models import Region
from mengding.routing import queries
from mengding.routing.tests.test_actions import rules
from mengding.routing.tests.test_rules import facts

pytestmark = pytest.mark.django_db
BASE = "/api/v1/routing"


class Caller:
    """One post's machine, calling in English."""

    def __init__(self, role: Role, centre: Organisation) -> None:
        account = Account.objects.create(username=role.value, name=role.value)
        post = Post.objects.create(
            account=account, role=role.value, organisation=centre, region=centre.region
        )
        text = "mg_" + hashlib.sha256(role.value.encode()).hexdigest()[:43]
        Token.objects.create(
            post=post,
            name=role.value,
            digest=people.token_digest(text),
            scopes=["routing.*"],
            created_at=clock.now(),
        )
        self.client = Client(headers={"Authorization": f"Bearer {text}", "Accept-Language": "en"})

    def __call__(
        self, verb: str, path: str, body: Any = None, *, status: int = 200, match: str = "*"
    ) -> Any:
        call = getattr(self.client, verb)
        if body is None:
            answer = call(BASE + path, headers={"If-Match": match})
        else:
            answer = call(
                BASE + path, body, content_type="application/json", headers={"If-Match": match}
            )
        assert answer.status_code == status, answer.content.decode()
        return answer.json() if answer.content else None


@pytest.fixture
def centre() -> Iterator[Organisation]:
    region = Region.objects.create(code="511803", level="district", name="区", path="511803")
    yield Organisation.objects.create(
        code="centre", kind=OrgKind.CENTRE, name="综治中心", region=region
    )
    queries.forget()
    people.forget()


@pytest.fixture
def admin(centre: Organisation) -> Caller:
    return Caller(Role.SYSTEM_ADMIN, centre)


def test_from_draft_to_force_and_back(admin: Caller) -> None:
    draft = admin("put", "/draft", {"rules": rules("centre")})
    assert (draft["version"], draft["revision"], draft["status"]) == (1, 1, "draft")
    lost = admin("put", "/draft", {"rules": rules("centre")}, status=409)
    assert lost["current"]["revision"] == 1
    admin("put", "/draft", {"rules": rules("centre", "b")}, match='"1"')
    admin("post", "/rule-sets/1/publish", {}, status=422)
    admin("post", "/rule-sets/1/publish", {"revision": 1}, status=409)
    assert admin("post", "/rule-sets/1/publish", {"revision": 2})["status"] == "active"
    copy = admin("post", "/rule-sets/1/restore", {})
    assert (copy["version"], copy["copied_from"]) == (2, 1)
    page = admin("get", "/rule-sets?limit=1")
    assert [item["version"] for item in page["items"]] == [2]
    page = admin("get", f"/rule-sets?limit=1&cursor={page['next']}")
    assert [item["version"] for item in page["items"]] == [1]
    assert admin("get", "/rule-sets/1")["rules"]["rules"][0]["code"] == "b"
    admin("get", "/rule-sets/9", status=404)


def test_mistakes_come_back_by_place_in_the_readers_language(admin: Caller) -> None:
    wrong = {"rules": [{**rules()["rules"][0], "when": {"weekdays": [8]}}]}
    problem = admin("put", "/draft", {"rules": wrong}, status=422)
    assert problem["problems"] == [
        {"path": "rules[0].when.weekdays[0]", "text": "Should be 1 (Monday) to 7 (Sunday)."}
    ]
    checked = admin("post", "/check", {"rules": wrong})
    assert (checked["ok"], checked["problems"]) == (False, problem["problems"])


def test_check_names_unreachable_rules_and_missing_departments(admin: Caller) -> None:
    both = {"rules": [*rules("centre", "a")["rules"], *rules("gas", "b")["rules"]]}
    checked = admin("post", "/check", {"rules": both})
    assert checked["ok"] is True
    assert [(x["code"], x["shadowed_by"]) for x in checked["unreachable"]] == [("b", "a")]
    assert checked["departments_without_organisation"] == ["gas"]


def test_trying_one_case(admin: Caller) -> None:
    case = {"class_code": "E0110", "default_department": "sanitation", "text": "漏气"}
    tried = admin("post", "/try", {"facts": case})
    assert (tried["rule"], tried["department"], tried["version"]) == (None, "sanitation", None)
    words = {"rules": [{**rules()["rules"][0], "when": {"text_any": ["漏气"]}}]}
    tried = admin("post", "/try", {"facts": case, "rules": words})
    assert (tried["rule"], tried["matched"]) == ("only", ["text_any"])
    assert tried["why"] == ["the text contains “漏气”"]
    admin("post", "/try", {"facts": {**case, "at": "2026-11-24T10:00:00"}}, status=422)


def test_dry_run(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    span = {"since": "2026-10-01T00:00:00+08:00", "until": "2026-11-01T00:00:00+08:00"}
    monkeypatch.setattr(queries, "_provider", lambda actor, since, until: [(17, facts())])
    run = admin("post", "/dry-run", {"rules": rules("gas"), **span})
    assert run == {
        "total": 1,
        "stopped": False,
        "changed": 1,
        "changes": [
            {
                "old": {"department": "sanitation", "tier": "district", "emergency": False},
                "new": {"department": "gas", "tier": "district", "emergency": False},
                "cases": 1,
                "samples": [
                    {"case": 17, "class_code": "E0110", "old_rule": None, "new_rule": "only"}
                ],
            }
        ],
        "hits": [{"rule": "only", "cases": 1}],
    }


def test_a_dry_run_is_bounded_and_says_so(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    past = [(n, facts()) for n in range(9, 0, -1)]
    monkeypatch.setattr(queries, "_provider", lambda actor, since, until: iter(past))
    span = {"since": "2026-10-01T00:00:00+08:00", "until": "2026-11-01T00:00:00+08:00"}
    body = {"rules": rules("gas"), **span, "samples_each": 2}
    run = admin("post", "/dry-run", {**body, "most": 8})
    assert (run["total"], run["stopped"], run["changed"]) == (8, True, 8)
    assert [each["case"] for each in run["changes"][0]["samples"]] == [9, 8]
    run = admin("post", "/dry-run", {**body, "most": 9})
    assert (run["total"], run["stopped"]) == (9, False)


def test_why_the_rules_before_did_not_take_it(admin: Caller) -> None:
    first = {**rules(code="night")["rules"][0], "when": {"hours": ["22:00", "06:00"]}}
    second = {**rules(code="words")["rules"][0], "when": {"text_any": ["漏气"]}}
    third = {**rules(code="off")["rules"][0], "active": False}
    given = {
        "class_code": "E0110",
        "default_department": "sanitation",
        "at": "2026-11-24T10:00:00+08:00",
        "region_codes": ["511803"],
    }
    body = {"facts": given, "rules": {"rules": [first, second, third, *rules("centre")["rules"]]}}
    tried = admin("post", "/try", body)
    assert tried["rule"] == "only"
    assert [(miss["rule"], miss["field"]) for miss in tried["passed"]] == [
        ("night", "hours"),
        ("words", "text_any"),
    ]
    assert tried["passed"][0]["why"] == "10:00 does not lie in 22:00–06:00"
    assert tried["organisation"] == "综治中心"


def test_a_draft_is_thrown_away(admin: Caller) -> None:
    admin("put", "/draft", {"rules": rules("centre")})
    admin("delete", "/draft?revision=2", status=409)
    admin("delete", "/draft?revision=1", status=204)
    assert admin("get", "/rule-sets")["items"] == []
    admin("delete", "/draft?revision=1", status=409)


def test_a_dispatcher_reads_but_does_not_change(centre: Organisation) -> None:
    dispatcher = Caller(Role.DISPATCHER, centre)
    dispatcher("get", "/rule-sets")
    dispatcher("post", "/check", {"rules": rules()})
    for verb, path, body in (
        ("put", "/draft", {"rules": rules()}),
        ("post", "/rule-sets/1/publish", {"revision": 1}),
        ("post", "/rule-sets/1/restore", {}),
    ):
        dispatcher(verb, path, body, status=403)
    Caller(Role.HANDLER, centre)("get", "/rule-sets", status=403)


def test_the_admin_page_shows_a_version(admin: Caller) -> None:
    from django.contrib.admin.sites import site

    from mengding.routing.models import RuleSet

    admin("put", "/draft", {"rules": rules("centre", "b")})
    row = RuleSet.objects.get()
    page = site.get_model_admin(RuleSet)
    assert page.rule_count(row) == 1  # type: ignore[attr-defined]
    assert "本级综治中心" in page.rule_table(row)  # type: ignore[attr-defined]
    assert page.never_reached(row) == "无"  # type: ignore[attr-defined]
