"""What anybody may read: discovery, services, requests; in both formats and languages."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from mengding.cases import actions
from mengding.cases.models import Report
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, spot, who
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.open311 import views
from mengding.open311.tests.asking import ROOT, answer, case_of, get, get_xml, made, refused, told

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def ids(**query: str) -> list[str]:
    """Ids of the listed requests, in order."""
    return [row["service_request_id"] for row in get("requests", **query)]


def ago(**time: float) -> str:
    """An instant before now, as text."""
    return (clock.now() - timedelta(**time)).isoformat()


def test_discovery() -> None:
    found = get("discovery")
    assert found == get_xml("discovery")
    (endpoint,) = found["endpoints"]
    assert endpoint["url"] == "http://testserver/open311/v2"
    assert endpoint["type"] == "test"  # demo accounts live here
    assert set(endpoint["formats"]) == {"application/json", "text/xml"}
    assert found["contact"]


def test_services_are_the_public_classes() -> None:
    found = get("services")
    assert found == get_xml("services")
    public = {c.code for c in catalogue.classes(catalogue.active_version()) if c.public}
    assert [service["service_code"] for service in found] == sorted(public)
    assert "S0102" not in public  # mediation
    first = found[0]
    assert (first["service_name"], first["group"]) == ("上水井盖", "公用设施")
    assert "井盖丢失" in first["keywords"].split(",")
    english = get("services", "en")[0]
    assert (english["service_name"], english["group"]) == (
        "Water-supply manhole cover",
        "Public utilities",
    )


def test_every_definition_is_valid_in_both_formats() -> None:
    for service in get("services"):
        path = f"services/{service['service_code']}"
        found = get(path)
        assert found["service_code"] == service["service_code"]
        assert bool(found["attributes"]) is service["metadata"]
        assert [a["order"] for a in found["attributes"]] == list(
            range(1, len(found["attributes"]) + 1)
        )
    assert get_xml("services/C0101") == get("services/C0101")
    condition = get("services/C0101", "en")["attributes"][0]
    assert (condition["code"], condition["datatype"]) == ("condition", "singlevaluelist")
    assert condition["values"][0]["key"] == "C0101-1"
    assert condition["values"][0]["name"].startswith("Water-supply manhole cover gone")


@pytest.mark.parametrize("code", ["S0102", "nonsense", "C0101.x", "目录"])
def test_other_services_do_not_exist(code: str) -> None:
    assert "service_code" in refused(404, f"services/{code}")


def test_a_request_in_every_field() -> None:
    lon, lat = spot()
    request_id = made(
        address_string="解放路 12 号",
        media_url="https://example.org/hole.jpg",
        description='井盖 <没了> & "响"\r\n第二行\x0b',
    )
    (found,) = get(f"requests/{request_id}")
    case = case_of(request_id)
    assert found == {
        "service_request_id": request_id,
        "status": "open",
        "status_notes": None,
        "service_name": "上水井盖",
        "service_code": "C0101",
        "description": '井盖 <没了> & "响"\r\n第二行',
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": local(Report.objects.get(pk=request_id).received_at),
        "updated_datetime": local(case.updated_at),
        "expected_datetime": local(case.due_at),
        "address": "解放路 12 号",
        "address_id": found["address_id"],
        "zipcode": None,
        "lat": lat,
        "long": lon,
        "media_url": "https://example.org/hole.jpg",
    }
    assert found["address_id"].startswith("511803102201")
    assert get_xml(f"requests/{request_id}") == [found]
    assert get("requests", service_request_id=request_id) == [found]
    (english,) = get(f"requests/{request_id}", "en")
    assert english["service_name"] == "Water-supply manhole cover"


def local(moment: datetime | None) -> str:
    """As the standard wants it."""
    assert moment is not None
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).isoformat(timespec="seconds")


def test_what_a_handled_case_shows() -> None:
    case = case_at(Stage.HANDLING)
    request_id = str(Report.objects.get(case=case).pk)
    (found,) = get(f"requests/{request_id}", "en")
    assert found["agency_responsible"] == "Urban Management Bureau" or found["agency_responsible"]
    assert found["expected_datetime"] == local(case.handle_due_at)
    assert found["service_notice"] == "Shaft closed; a new cover fits its frame"
    actions.reply(who("desk"), case.pk, text="正在更换")
    actions.reply(who("desk"), case.pk, text="已更换，请查看。")
    (found,) = get(f"requests/{request_id}")
    assert (found["status"], found["status_notes"]) == ("open", "已更换，请查看。")


@pytest.mark.parametrize("stage", [Stage.CLOSED, Stage.DECLINED, Stage.VOID])
def test_an_ended_case_is_closed(stage: Stage) -> None:
    request_id = str(Report.objects.get(case=case_at(stage)).pk)
    assert get(f"requests/{request_id}")[0]["status"] == "closed"
    assert ids(status="closed", service_request_id="", page_size="1") == [request_id]
    assert request_id not in ids(status="open")


def test_a_merged_request_keeps_its_id_and_follows_the_case() -> None:
    first, second = made(), made()
    actions.merge(who("desk"), case_of(second).pk, into_id=case_of(first).pk)
    actions.reply(who("desk"), case_of(first).pk, text="已安排")
    for request_id in (first, second):
        (found,) = get(f"requests/{request_id}")
        assert (found["status"], found["status_notes"]) == ("open", "已安排")


def test_lists_are_narrowed() -> None:
    first, second, third = made(), made(service_code="E0110"), made()
    assert ids()[:3] == [third, second, first]
    assert ids(service_code="E0110")[0] == second
    assert set(ids(service_code="E0110,C0101")) >= {first, second, third}
    assert ids(page_size="2") == [third, second]
    assert ids(page_size="2", page="2")[0] == first
    assert ids(status="open,closed")[:3] == ids()[:3]
    assert ids(status="closed", service_code="E0110") == []
    lon, lat = spot()
    near = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    assert set(ids(bbox=near)) >= {first, second, third}
    assert ids(bbox="0,0,1,1") == []
    assert get_xml("requests", page_size="3") == get("requests", page_size="3")


def test_ids_override_everything_else() -> None:
    first, second = made(), made()
    asked = f"{first}, {second},{first},no-such,99999999999"
    assert ids(service_request_id=asked, status="closed", start_date="nonsense") == [second, first]
    assert ids(service_request_id="no-such") == []


def test_an_empty_parameter_is_absent() -> None:
    made()
    names = "service_request_id service_code start_date end_date status page page_size"
    names += " updated_after updated_before bbox jurisdiction_id"
    empty = dict.fromkeys(names.split(), "")
    assert get("requests", **empty) == get("requests")
    assert get("requests", jurisdiction_id="511803") == get("requests")


def test_spans_of_time() -> None:
    with clock.at(clock.now() - timedelta(days=120)):
        old = str(report().pk)
    with clock.at(clock.now() - timedelta(days=60)):
        middle = str(report().pk)
    new = made()
    assert middle in ids()
    assert old not in ids()  # the last 90 days
    assert {old, middle} <= set(ids(start_date=ago(days=121)))  # the 90 days from there
    assert new not in ids(start_date=ago(days=121))
    assert {old, middle} <= set(ids(end_date=ago(days=40)))
    assert old not in ids(end_date=ago(days=20))
    assert ids(start_date=ago(days=119), end_date=ago(days=61)) == []
    actions.note(who("desk"), int(case_of(old).pk), text="x")
    # Updated just now, however long ago it came in.
    assert old in ids(updated_after=ago(minutes=5))
    assert middle not in ids(updated_after=ago(minutes=5))
    assert middle in ids(updated_before=ago(days=1))
    assert old not in ids(updated_after=ago(minutes=5), start_date=ago(days=1))


def test_both_ends_of_a_span_belong_to_it() -> None:
    request_id = made()
    at = Report.objects.get(pk=request_id).received_at.isoformat()
    assert request_id in ids(start_date=at, end_date=at)
    assert request_id in ids(start_date=at.replace("+00:00", "Z"))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"start_date": "yesterday"}, "start_date"),
        ({"start_date": "2026-11-01"}, "start_date"),
        ({"end_date": "2026-11-01T00:00:00"}, "end_date"),
        ({"end_date": "2026-11-31T00:00:00Z"}, "end_date"),
        ({"start_date": "0001-01-01T00:00:00+08:00"}, "start_date"),
        ({"end_date": "0001-01-01T09:00:00+08:00"}, "end_date"),
        ({"updated_after": "2026-11-01T00:00:00"}, "updated_after"),
        ({"updated_before": "now"}, "updated_before"),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, "90"),
        ({"start_date": "2026-06-02T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, "end_date"),
        ({"updated_after": "2026-01-01T00:00:00Z", "updated_before": "2026-06-01T00:00:00Z"}, "90"),
        ({"status": "pending"}, "status"),
        ({"page_size": "1001"}, "page_size"),
        ({"page_size": "0"}, "page_size"),
        ({"page": "1.5"}, "page"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "3,2,1,4"}, "bbox"),
        ({"bbox": "a,2,3,4"}, "bbox"),
        ({"bbox": "0,0,nan,1"}, "bbox"),
        ({"service_request_id": ",".join(map(str, range(1001)))}, "service_request_id"),
    ],
)
def test_a_bad_parameter_is_named(query: dict[str, str], names: str) -> None:
    assert names in refused(400, "requests", query)


def test_what_is_not_there() -> None:
    assert "service_code" in refused(404, "requests", {"service_code": "nope"})
    assert "service_code" in refused(404, "requests", {"service_code": "C0101,S0102"})
    for path in ("requests/999999999", "requests/abc", "requests/1e3", "requests/٣"):
        assert "service_request_id" in refused(404, path)
    assert "token" in refused(404, "tokens/999999999")
    for path in ("requests", "services", "services/C0101", "discovery", "servicerequestupdates"):
        assert "jurisdiction_id" in refused(404, path, {"jurisdiction_id": "city.gov"})
    for path in ("nowhere", "requests/1/2", "services/"):
        assert refused(404, path)
    for path in ("requests.yaml", "requests", "services/C0101.csv", ""):
        told(answer(path), 404)


def test_the_id_is_also_understood_as_a_token() -> None:
    request_id = made()
    assert get(f"tokens/{request_id}")[0]["service_request_id"] == request_id
    assert get_xml(f"tokens/{request_id}") == get(f"tokens/{request_id}")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods(method: str) -> None:
    found = getattr(Client(), method)(f"{ROOT}/requests.json")
    told(found, 405)
    assert found["Allow"] == "GET, HEAD, POST"
    found = Client().post(f"{ROOT}/services.json")
    told(found, 405)
    assert found["Allow"] == "GET, HEAD"


def test_head_and_reading_from_any_page() -> None:
    found = Client().head(f"{ROOT}/services.json")
    assert (found.status_code, found.content) == (200, b"")
    assert found["Access-Control-Allow-Origin"] == "*"
    assert "Accept-Language" in found["Vary"]


def test_too_many_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "READS_PER_MINUTE", 2)
    with clock.at(clock.now()):
        assert [answer("services.json").status_code for _ in range(3)] == [200, 200, 429]
        found = answer("services.json")
        assert "Retry-After" in found
        told(found, 429)


def test_a_nul_in_the_address_is_refused_in_the_standards_form() -> None:
    told(Client().get(f"{ROOT}/requests.json?status=%00"), 400)


def test_a_long_list_takes_three_queries(django_assert_max_num_queries: Any) -> None:
    case_at(Stage.CLOSED)
    for _ in range(10):
        report()
    get("requests")  # what is kept in memory anyway
    with django_assert_max_num_queries(3):
        assert len(get("requests")) >= 11
