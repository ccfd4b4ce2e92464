"""How the field app is served, and who may send what was written."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mengding.core.actor import Role
from mengding.field.views import NAMES
from mengding.people.tests.world import PASSWORD, build


@pytest.fixture
def dist(settings: Any, tmp_path: Path) -> Path:
    (tmp_path / "field").mkdir()
    (tmp_path / "field.html").write_text("<p>field</p>")
    for name in NAMES:
        (tmp_path / "field" / name).write_text(name)
    settings.DESK_DIST = tmp_path
    return tmp_path


@pytest.mark.parametrize("address", ["/field", "/field/", "/field/cases/12", "/field/report"])
def test_every_address_is_the_page(dist: Path, client: Client, address: str) -> None:
    page = client.get(address)
    assert page.content == b"<p>field</p>"
    assert page["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "csrftoken" in page.cookies


def test_the_worker_is_asked_for_each_time_and_reaches_the_whole_app(
    dist: Path, client: Client
) -> None:
    worker = client.get("/field/sw.js")
    assert worker["Content-Type"].startswith("text/javascript")
    assert worker["Cache-Control"] == "no-cache"
    manifest = client.get("/field/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert client.get("/field/icon-192.png")["Content-Type"] == "image/png"
    assert client.post("/field/").status_code == 405


def test_without_a_build_it_says_so(settings: Any, client: Client, tmp_path: Path) -> None:
    settings.DESK_DIST = tmp_path
    assert client.get("/field/").status_code == 503
    assert client.get("/field/sw.js").status_code == 404


def test_a_write_goes_out_only_as_who_wrote_it(db: None, client: Client) -> None:
    world = build()
    account = world.account("desk")
    post = world.post(account, Role.DESK, "centre-town")
    said = {"username": "desk", "password": PASSWORD}
    client.post("/api/v1/session", said, content_type="application/json")

    def asked(acting: str) -> Any:
        return client.get("/api/v1/notices/count", headers={"X-Acting": acting})

    assert asked(f"{account.pk}/{post.pk}").status_code == 200
    for other in (f"{account.pk + 1}/{post.pk}", f"{account.pk}/{post.pk + 1}", f"{account.pk}/"):
        answer = asked(other)
        assert (answer.status_code, answer.json()["code"]) == (409, "acting_differs")
