"""docs/boundaries.md, proved: what must not exist does not, and what is promised holds."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.models import Case, Contact, Report
from mengding.cases.tests.made import spot, who
from mengding.catalogue.file import BUNDLED
from mengding.cli.boundaries import names
from mengding.core import clock
from mengding.demo.secrets import token
from mengding.ledger.models import Event
from mengding.policy.boundaries import CHINESE, MEANT, WORDS, forbidden
from tests.matrix import OPEN311, TABLE

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
PAGE = Path(__file__).resolve().parent.parent / "docs" / "boundaries.md"


# What must not exist


def test_no_name_says_what_must_never_be_held() -> None:
    found = [hit for hit in forbidden(names()) if hit.key not in MEANT]
    assert not found, found


def test_reasons_are_still_needed() -> None:
    assert {hit.key for hit in forbidden(names())} == set(MEANT)
    assert all(len(reason) > 20 for reason in MEANT.values())


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("face_embedding", "biometrics"),
        ("licensePlate", "vehicles"),
        ("plate_no", "vehicles"),
        ("is_key_person", "lists of persons"),
        ("watchListEntry", "lists of persons"),
        ("resident_position", "whereabouts"),
        ("riskScore", "scores and predictions"),
        ("camera_recording", "cameras"),
        ("zhongdian_renyuan", "lists of persons"),
        ("chepai", "vehicles"),
        ("人脸照片", "biometrics"),
        ("重点人员类别", "lists of persons"),
        ("居民积分", "scores and predictions"),
        ("active/<int:pk>/trajectory", "whereabouts"),
    ],
)
def test_the_search_would_notice(name: str, area: str) -> None:
    assert area in {hit.area for hit in forbidden([("column", name)])}


def test_the_search_sees_everything() -> None:
    """Tables, choices, addresses, parameters, properties and Open311 are all among the names."""
    seen = {kind for kind, _ in names()}
    assert seen >= {
        *("column", "model", "label", "choice", "address", "path", "operation"),
        *("parameter", "schema", "property", "open311"),
    }
    assert ("column", "cases_case.description") in set(names())


def test_every_area_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for area in {*WORDS, *CHINESE}:
        assert area in text, f"docs/boundaries.md does not mention: {area}"


def test_the_catalogue_has_no_class_about_kinds_of_persons() -> None:
    text = BUNDLED.read_text(encoding="utf-8")
    for area in ("biometrics", "lists of persons", "whereabouts"):
        for word in CHINESE[area]:
            assert word not in text, word


# Every coordinate says whose place it is; a person's is not among them.
PLACES = {
    "Case.lon": "the matter reported",
    "Case.lat": "the matter reported",
    "Place.lon": "a hydrant, school or other place that is inspected",
    "Place.lat": "a hydrant, school or other place that is inspected",
    "Case.cell": "the matter reported, as a cell of the map",
    "Tile.cell": "how many matters ended there, for the map",
    "Tile.lon": "how many matters ended there, for the map",
    "Tile.lat": "how many matters ended there, for the map",
    "TileChange.cell": "a matter that ended, not yet counted for the map",
    "TileChange.lon": "a matter that ended, not yet counted for the map",
    "TileChange.lat": "a matter that ended, not yet counted for the map",
    "Alert.cell": "a place where more happens than usual, as a cell of the map",
    "Report.lon": "where the reporter says the matter is",
    "Report.lat": "where the reporter says the matter is",
    "Evidence.captured_lon": "where a picture of a matter was taken, if its author says so",
    "Evidence.captured_lat": "where a picture of a matter was taken, if its author says so",
    "Fix.lon": "staff, only inside their own duty time, for 30 days",
    "Fix.lat": "staff, only inside their own duty time, for 30 days",
    "Latest.lon": "staff on duty just now, gone when they go off duty",
    "Latest.lat": "staff on duty just now, gone when they go off duty",
    "Resource.lon": "where an emergency resource stands",
    "Resource.lat": "where an emergency resource stands",
}
_COORDINATE = re.compile(
    r"(^|_)(lon|lat|lng|long|longitude|latitude|x|y|geom|geometry|point|position|location"
    r"|coordinates|cell|geohash|quadkey|heading|speed)(_|$)"
)


def _fields() -> Iterator[tuple[str, Any]]:
    for model in apps.get_models():
        if model.__module__.startswith("mengding."):
            for field in model._meta.concrete_fields:
                yield f"{model.__name__}.{field.name}", field


def test_no_column_says_where_a_person_is() -> None:
    found = {name for name, _ in _fields() if _COORDINATE.search(name.split(".")[1])}
    assert found == set(PLACES)


def test_a_reporter_has_no_record_across_reports() -> None:
    """Contact data hangs on one report; nothing tells that two reports are by one person."""
    assert {field.name for field in Contact._meta.concrete_fields} == {
        *("report", "name", "phone", "email", "masked", "delete_on"),
    }
    assert Contact._meta.get_field("report").primary_key
    related = {f.name for f in Contact._meta.related_objects}
    assert related == set(), "nothing points to a person's contact data"


# What is promised

NAME, PHONE, EMAIL = "欧阳测不准", "13987650912", "planted.resident@example.org"
SENTENCE = "我家楼下第三个井盖缺了一块，孩子差点踩空。"
WORDS_OF_STAFF = "已电话联系来访群众确认位置无误"
# Where a person's own words may stand, and nowhere else. They can all be erased.
MAY_HOLD = {
    "cases_report.description",
    "cases_case.description",
    "search_entry.document",  # as pairs of characters; one pair here is not a sentence
    "ledger_words.text",
}


def test_contact_columns_hold_bytes() -> None:
    for field in ("name", "phone", "email"):
        assert isinstance(Contact._meta.get_field(field), models.BinaryField)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'cases_contact' AND data_type NOT IN ('bigint', 'date')"
        )
        assert dict(cursor.fetchall()) == {
            **dict.fromkeys(("name", "phone", "email"), "bytea"),
            "masked": "jsonb",
        }


def _holding(text: str) -> set[str]:
    """table.column of everything in the database that holds `text`, in text, JSON or bytes."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        )
        escaped = json.dumps(text)[1:-1]  # as JSON may write Chinese
        for table, column, kind in cursor.fetchall():
            if kind == "bytea":
                test = f"position(convert_to(%s, 'UTF8') in \"{column}\") > 0"
            else:
                test = f'position(%s in "{column}"::text) > 0'
            statement = f'SELECT EXISTS (SELECT FROM "{table}" WHERE {test} OR {test})'  # noqa: S608
            cursor.execute(statement, [text, escaped])
            row = cursor.fetchone()
            assert row is not None
            if row[0]:
                found.add(f"{table}.{column}")
    return found


def _call(method: str, path: str, who: str, body: Any = None, **headers: str) -> Any:
    return Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body) if body is not None else "",
        "application/json",
        headers={"Authorization": f"Bearer {token(who)}", **headers},
    )


@pytest.fixture
def planted() -> tuple[int, int]:
    """(case, report) of a person who left everything, carried some way, over HTTP."""
    lon, lat = spot()
    body = {
        "description": SENTENCE,
        "class_code": "C0101",
        "lon": lon,
        "lat": lat,
        "contact": {"name": NAME, "phone": PHONE, "email": EMAIL},
    }
    made = _call("POST", "/reports", "desk", body, **{"Idempotency-Key": "planted-1"})
    assert made.status_code == 201, made.content
    case, report = made.json()["case_id"], made.json()["id"]
    again = _call("POST", "/reports", "desk", body, **{"Idempotency-Key": "planted-1"})
    assert again.json()["id"] == report
    steps = [
        ("desk", "amend", {"address": "解放路12号"}),
        ("desk", "file", {"condition_code": "C0101-1"}),
        ("dispatch", "dispatch", {}),
        ("desk", "note", {"text": WORDS_OF_STAFF}),
    ]
    for actor, verb, data in steps:
        done = _call("POST", f"/cases/{case}/{verb}", actor, data)
        assert done.status_code == 200, done.content
    return int(case), int(report)


def test_the_database_keeps_personal_data_in_its_place(planted: tuple[int, int]) -> None:
    for text in (NAME, PHONE, EMAIL):
        assert _holding(text) == set(), text
    assert _holding(SENTENCE) <= MAY_HOLD
    assert {"cases_report.description", "cases_case.description"} <= _holding(SENTENCE)
    assert _holding(WORDS_OF_STAFF) == {"ledger_words.text"}


def test_the_ledger_holds_no_words(planted: tuple[int, int]) -> None:
    assert Event.objects.filter(subject_kind="case", subject_id=planted[0]).count() >= 5
    for row in Event.objects.values("before", "after", "request_id"):
        written = json.dumps(row, ensure_ascii=False)
        for text in (NAME, PHONE, EMAIL, SENTENCE, WORDS_OF_STAFF, "解放路12号"):
            assert text not in written


def test_the_same_through_open311() -> None:
    lon, lat = spot()
    form = {
        "api_key": token("desk"),
        "service_code": "C0101",
        "lat": str(lat),
        "long": str(lon),
        "description": SENTENCE,
        "first_name": "测不准",
        "last_name": "欧阳",
        "phone": PHONE,
        "email": EMAIL,
    }
    made = Client().post(
        "/open311/v2/requests.json", form, headers={"Idempotency-Key": "planted-2"}
    )
    assert made.status_code in {200, 201}, made.content
    number = made.json()[0]["service_request_id"]
    assert Contact.objects.filter(pk=Report.objects.latest("pk").pk).exists()
    for text in (PHONE, EMAIL, "测不准"):
        assert _holding(text) == set(), text
    for path in ("requests.json", f"requests/{number}.json", "servicerequestupdates.json"):
        for suffix in (".json", ".xml"):
            shown = Client().get(f"/open311/v2/{path.replace('.json', suffix)}").content.decode()
            for text in (PHONE, EMAIL, "测不准", "欧阳"):
                assert text not in shown


READERS = ("grid", "desk", "dispatch", "handler", "verify", "supervise", "mediate", "sysadmin",
           "secadmin", "audit")  # fmt: skip


def test_no_answer_shows_contact_data(planted: tuple[int, int]) -> None:
    case, report = planted
    seen = 0
    for key, row in TABLE.items():
        method, path = key.split(" ")
        if method != "GET":
            continue
        ids = {"{int:case_id}": case, "{case}": case, "{report}": report}
        for name, value in ids.items():
            path = path.replace(name, str(value))
            query = row.query.replace(name, str(value))
            row = type(row)(row.roles, query=query)
        path = re.sub(r"\{[^}]*\}", "1", path)
        for reader in READERS:
            answer = _call("GET", path + row.query, reader)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            seen += answer.status_code == 200
            for text in (NAME, PHONE, EMAIL):
                assert text not in body.decode("utf-8", "replace"), (key, reader)
                assert json.dumps(text)[1:-1] not in body.decode("utf-8", "replace"), (key, reader)
    assert seen > 100
    shown = _call("GET", f"/cases/{case}", "desk").json()
    assert "139****0912" in json.dumps(shown, ensure_ascii=False)


def test_a_look_at_contact_data_is_on_record(planted: tuple[int, int]) -> None:
    case, report = planted
    path = f"/reports/{report}/contact"
    assert _call("POST", path, "desk", {"purpose": " "}).status_code == 422
    looks = Event.objects.filter(subject_id=case, action="contact.reveal")
    assert not looks.exists()
    shown = _call("POST", path, "desk", {"purpose": "回访"}, **{"Idempotency-Key": "look-1"})
    assert shown.json() == {"name": NAME, "phone": PHONE, "email": EMAIL}
    event = looks.get()
    assert event.after == {"report": report, "fields": ["email", "name", "phone"]}
    assert event.account_id == who("desk").account_id
    # Not even the answer kept for a retry holds it in clear.
    assert _holding(PHONE) == set()
    again = _call("POST", path, "desk", {"purpose": "回访"}, **{"Idempotency-Key": "look-1"})
    assert again.status_code in {200, 409}


def test_contact_data_is_deleted_on_time(planted: tuple[int, int]) -> None:
    case, report = planted
    contact = Contact.objects.get(pk=report)
    assert contact.delete_on is not None
    days = (contact.delete_on - clock.now().date()).days
    assert 0 < days <= 181
    after = clock.now() + timedelta(days=200)
    with clock.at(after):
        cases.erase_due()
        assert Contact.objects.filter(pk=report).exists(), "the case is still open"
        Case.objects.filter(pk=case).update(
            stage="closed", outcome="fixed", closed_at=after, lead_org=None
        )
        Contact.objects.filter(pk=report).update(delete_on=after.date())
        cases.erase_due()
    assert not Contact.objects.filter(pk=report).exists()
    assert Event.objects.filter(subject_id=case, action="contact.delete").exists()


def test_what_is_confidential_is_never_public() -> None:
    from mengding.catalogue import queries as catalogue

    shown = Client().get("/open311/v2/services.json").json()
    codes = {service["service_code"] for service in shown}
    hidden = [c for c in catalogue.classes(catalogue.active_version()) if c.confidential]
    assert hidden
    assert not codes & {c.code for c in hidden}
    assert OPEN311["GET services"][1].roles == "*"
