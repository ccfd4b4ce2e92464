"""Posting requests: the key, the rules of the standard, photos, retries."""

from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from mengding.cases.models import Case, Contact, Report
from mengding.demo.secrets import token
from mengding.evidence.models import Evidence
from mengding.open311 import views
from mengding.open311.tests.asking import ROOT, case_of, form, get, made, post, told, valid

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def test_what_becomes_of_a_request() -> None:
    request_id = made(
        **{"attribute[condition]": "C0101-2", "attribute[noticed_at]": "2026-11-24T00:00:00Z"}
    )
    report = Report.objects.get(pk=request_id)
    assert (report.channel, report.source, report.case.stage) == ("open311", "open311", "received")
    assert report.description == "井盖丢失"
    assert report.attributes == {
        "condition": "C0101-2",
        "noticed_at": "2026-11-24T08:00:00+08:00",
    }
    assert report.case.class_code == "C0101"
    assert report.case.proposed_org_id is not None
    masked = Contact.objects.get(report=report).masked
    assert masked == {"name": "王**", "phone": "138****5678", "email": "m***@example.com"}


def test_urlencoded_and_in_xml() -> None:
    found = Client().post(
        f"{ROOT}/requests.xml",
        urlencode(form()),
        content_type="application/x-www-form-urlencoded; charset=utf-8",
    )
    assert found.status_code == 201, found.content
    assert found["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(found.content)
    assert root.tag == "service_requests"
    assert [child.tag for child in root[0]] == [
        "service_request_id",
        "service_notice",
        "account_id",
    ]
    request_id = root.findtext("request/service_request_id")
    assert get(f"requests/{request_id}")[0]["description"] == "井盖丢失"


@pytest.mark.parametrize(
    ("change", "status", "names"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "x"}, 403, "api_key"),
        ({"api_key": "mg_" + "x" * 43}, 403, "api_key"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "S0102"}, 404, "service_code"),
        ({"service_code": "C9999"}, 404, "service_code"),
        ({"lat": ""}, 400, "lat:"),
        ({"long": " "}, 400, "long:"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": "91"}, 400, "lat:"),
        ({"long": "-181"}, 400, "long:"),
        ({"lat": "north"}, 400, "lat:"),
        ({"lat": "nan"}, 400, "lat:"),
        ({"lat": "3_0"}, 400, "lat:"),
        ({"lat": "52.1", "long": "13.4"}, 400, "lat:"),
        ({"phone": "call me"}, 400, "phone:"),
        ({"email": "nobody"}, 400, "email:"),
        ({"first_name": "长" * 61}, 400, "first_name:"),
        ({"description": "长" * 4001}, 400, "description:"),
        ({"description": "a\0b"}, 400, "description:"),
        ({"address_string": "长" * 301}, 400, "address_string:"),
        ({"address_id": "999999999999", "lat": "", "long": ""}, 400, "address_id:"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url:"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url:"),
        ({"media_url": "https://example.org/" + "x" * 500}, 400, "media_url:"),
        ({"attribute[condition]": "nope"}, 400, "attribute[condition]:"),
        ({"attribute[condition]": ["C0101-1", "C0101-2"]}, 201, ""),  # of a repeated one the last
        ({"attribute[condition][]": ["C0101-1", "C0101-2"]}, 400, "attribute[condition]:"),
        ({"attribute[noticed_at]": "2026-11-24 08:00"}, 400, "attribute[noticed_at]:"),
        ({"attribute[marking]": "x" * 501}, 400, "attribute[marking]:"),
        ({"attribute[colour]": "red"}, 400, "attribute[colour]:"),
        ({"attribute[condition": "C0101-1"}, 400, "attribute[condition:"),
        ({"attribute[colour]": ""}, 201, ""),
        ({"jurisdiction_id": "elsewhere.gov"}, 404, "jurisdiction_id:"),
        ({"jurisdiction_id": "511803"}, 201, ""),
        ({"description": "长" * 4000}, 201, ""),
        ({"description": ""}, 201, ""),
    ],
)
def test_the_rules(change: dict[str, Any], status: int, names: str) -> None:
    before = Case.objects.count()
    found = post(**form(**change))
    if status == 201:
        valid(found.json(), "created")
        assert Case.objects.count() == before + 1
        return
    assert names in told(found, status)
    assert Case.objects.count() == before


def test_who_may_post() -> None:
    assert "not" in told(post(**form(api_key=token("audit"))), 403)
    no_key = {name: value for name, value in form().items() if name != "api_key"}
    told(post(**no_key), 403)
    bearer = {"Authorization": f"Bearer {token('desk')}"}
    assert post(headers=bearer, **no_key).status_code == 201
    in_address = post(f"requests.json?api_key={token('desk')}", **no_key)
    assert in_address.status_code == 201


def test_a_browsers_session_is_no_key() -> None:
    from mengding.people.models import Account

    browser = Client()
    browser.force_login(Account.objects.get(username="desk"))
    no_key = {name: value for name, value in form().items() if name != "api_key"}
    told(browser.post(f"{ROOT}/requests.json", no_key), 403)


def test_a_key_of_another_area_is_refused() -> None:
    """The grid worker's key holds for one village."""
    assert post(**form(api_key=token("grid"))).status_code == 201
    lon, lat = spot_elsewhere()
    told(post(**form(api_key=token("grid"), lat=str(lat), long=str(lon))), 403)


def spot_elsewhere() -> tuple[float, float]:
    """A place in some other village."""
    from mengding.cases.tests.made import spot
    from mengding.regions.models import Region

    code = Region.objects.filter(level="village").exclude(code="511803102201").order_by("code")
    return spot(code.values_list("code", flat=True)[0])


def test_places_may_be_an_address_or_a_division() -> None:
    nowhere = {"lat": "", "long": ""}
    by_address = made(**nowhere, address_string="解放路12号")
    (found,) = get(f"requests/{by_address}")
    assert (found["address"], found["lat"], found["long"]) == ("解放路12号", None, None)
    by_id = made(**nowhere, address_id="511803102201")
    assert get(f"requests/{by_id}")[0]["address_id"] == "511803102201"


def test_only_forms_are_read() -> None:
    found = Client().post(f"{ROOT}/requests.json", form(), content_type="application/json")
    assert "Content-Type" in told(found, 400)
    broken = Client().post(
        f"{ROOT}/requests.json", b"--x\r\n", content_type="multipart/form-data; boundary="
    )
    told(broken, 400)


def picture(colour: str = "green") -> SimpleUploadedFile:
    """A small photo."""
    held = BytesIO()
    Image.new("RGB", (64, 48), colour).save(held, "JPEG")
    return SimpleUploadedFile("hole.jpg", held.getvalue(), content_type="image/jpeg")


def test_photos_come_along_but_are_not_published() -> None:
    request_id = made(media=[picture(), picture("red")])
    kept = Evidence.objects.filter(subject_kind="case", subject_id=case_of(request_id).pk)
    assert [row.purpose for row in kept] == ["report", "report"]
    assert get(f"requests/{request_id}")[0]["media_url"] is None


def test_a_bad_photo_refuses_the_whole_request() -> None:
    before = Case.objects.count()
    fake = SimpleUploadedFile("hole.jpg", b"<html>", content_type="image/jpeg")
    assert "media" in told(post(**form(media=[picture(), fake])), 400)
    assert "media" in told(post(**form(media=[picture(c) for c in _COLOURS])), 400)
    assert (Case.objects.count(), Evidence.objects.count()) == (before, 0)


_COLOURS = ["red", "green", "blue", "white", "black", "yellow"]


def test_a_retry_with_the_same_key_is_the_same_request() -> None:
    headers = {"Idempotency-Key": "one"}
    before = Report.objects.count()
    first, again = (post(headers=headers, **form()) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    assert again["Content-Type"] == "application/json; charset=utf-8"
    with_photo = [post(headers={"Idempotency-Key": "p"}, **form(media=picture())) for _ in "ab"]
    assert with_photo[0].content == with_photo[1].content
    assert Report.objects.count() == before + 2
    other = post(headers=headers, **form(description="另一件"))
    assert "Idempotency-Key" in told(other, 400)
    # The key belongs to whoever holds the api_key, not to an address shared by many.
    assert post(headers=headers, **form(api_key=token("dispatch"))).status_code == 201
    assert Report.objects.count() == before + 3


def test_a_refusal_frees_the_key() -> None:
    headers = {"Idempotency-Key": "two"}
    told(post(headers=headers, **form(lat="")), 400)
    assert post(headers=headers, **form()).status_code == 201
    told(post(headers={"Idempotency-Key": "汉"}, **form()), 400)


def test_too_many_posts_of_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from mengding.core import clock

    monkeypatch.setattr(views, "POSTS_PER_MINUTE", 1)
    with clock.at(clock.now()):
        assert post(**form()).status_code == 201
        told(post(**form()), 429)
        assert post(**form(api_key=token("dispatch"))).status_code == 201
