"""The published client `georeport` against a running server."""

import pytest
import requests
from georeport import GeoReport
from pytest_django.live_server_helper import LiveServer

from mengding.cases.tests.made import spot
from mengding.demo.secrets import token

pytestmark = pytest.mark.usefixtures("world", "committed")


def test_georeport() -> None:
    server = LiveServer("127.0.0.1")
    try:
        root = f"{server.url}/open311/v2"
        in_json, in_xml = (GeoReport(root, output_format=form) for form in ("json", "xml"))
        codes = [service["service_code"] for service in in_json.get_service_list()]
        assert codes == [service["service_code"] for service in in_xml.get_service_list()]
        definition = in_json.get_service_definition("C0101")
        assert definition["attributes"][0]["code"] == "condition"
        assert in_xml.get_service_definition("C0101")["service_code"] == "C0101"
        request_id = posted(root)  # the client itself cannot post
        one = in_json.get_service_request(request_id)
        assert (one["description"], one["status"]) == ("井盖松动", "open")
        assert in_xml.get_service_request(request_id)["description"] == "井盖松动"
        for client in (in_json, in_xml):
            listed = client.get_service_requests(
                service_code="C0101", status="open", start_date=one["requested_datetime"]
            )
            # One element alone is no list to the XML client.
            rows = listed if isinstance(listed, list) else [listed]
            assert request_id in [row["service_request_id"] for row in rows]
        with pytest.raises(requests.HTTPError, match="404"):
            in_json.get_service_request("999999999")
    finally:
        server.stop()


def posted(root: str) -> str:
    """A new request, by plain HTTP."""
    lon, lat = spot()
    form = {"service_code": "C0101", "lat": lat, "long": lon, "description": "井盖松动"}
    answer = requests.post(
        f"{root}/requests.json", data={"api_key": token("desk"), **form}, timeout=10
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()[0]["service_request_id"])
