"""What the system holds about me: said by every part, about nobody else."""

import json
from typing import Any

import pytest
from django.test import Client

from mengding.core import holdings
from mengding.demo.secrets import password, token
from mengding.people.models import Account

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def asked(by: str) -> dict[str, dict[str, Any]]:
    answer = Client().get("/api/v1/me/holdings", headers={"Authorization": f"Bearer {token(by)}"})
    assert answer.status_code == 200, answer.content
    return {each["code"]: each for each in answer.json()["items"]}


def test_every_part_says_what_why_how_long_and_who_sees_it() -> None:
    found = asked("grid")
    assert {"account", "posts", "sessions", "tokens", "ledger", "evidence", "notices"} <= set(found)
    assert set(found) == set(holdings.codes())
    for each in found.values():
        for field in ("title", "purpose", "retention", "readers"):
            assert each[field].strip(), (each["code"], field)
    assert found["account"]["facts"]["name"] == "杨帆"
    assert found["posts"]["facts"]["posts"][0]["role"] == "网格员"
    assert found["tokens"]["count"] == 1


def test_it_is_about_me_and_nobody_else() -> None:
    said = json.dumps(asked("grid"), ensure_ascii=False)
    for other in Account.objects.exclude(username="grid"):
        assert other.name not in said
    assert "password" not in asked("grid")["account"]["facts"]


def test_a_session_is_counted_until_it_ends() -> None:
    client = Client()
    signed = client.post(
        "/api/v1/session",
        json.dumps({"username": "desk", "password": password("desk")}),
        "application/json",
    )
    assert signed.status_code == 200, signed.content
    held = {each["code"]: each for each in client.get("/api/v1/me/holdings").json()["items"]}
    assert held["sessions"]["count"] == 1
    assert held["sessions"]["goes_at"]
    assert asked("grid")["sessions"]["count"] == 0
    assert held["ledger"]["facts"]["actions"]["account.sign_in"] == 1
