import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from mengding.core import clock
from mengding.core.errors import Invalid, TooMany
from mengding.core.text import T, language
from mengding.http import ratelimit
from mengding.http.fast import encode, json_response
from mengding.http.models import Hits
from mengding.http.paging import decode_cursor, encode_cursor, paginate
from mengding.http.tests.conftest import Things, bearer
from mengding.http.versions import wanted_version

MOMENT = datetime(2026, 11, 24, 1, 30, 0, 5000, tzinfo=UTC)
rf = RequestFactory()


class TestFast:
    def test_times_carry_the_offset_of_china(self) -> None:
        assert encode({"at": [MOMENT]}) == b'{"at":["2026-11-24T09:30:00.005000+08:00"]}'

    def test_texts_are_said_in_the_readers_language(self) -> None:
        token = language.set("en")
        try:
            assert encode({"a": T("茶", "tea"), "b": Decimal("1.50")}) == b'{"a":"tea","b":"1.50"}'
        finally:
            language.reset(token)

    def test_structs(self) -> None:
        class Row(msgspec.Struct):
            at: datetime

        assert b"+08:00" in encode(Row(MOMENT))

    def test_bytes_pass_through(self) -> None:
        assert json_response(b"[1]", status=201).content == b"[1]"

    def test_ninja_operations_use_it_too(self, client: Client) -> None:
        assert client.get("/api/v1/things").json()["at"] == "2026-11-24T09:30:00+08:00"


class TestPaging:
    @given(
        st.one_of(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80),
            st.integers(-(2**62), 2**62),
            st.datetimes(timezones=st.just(UTC)),
        ),
        st.integers(1, 2**62),
    )
    def test_a_cursor_comes_back_whole(self, value: Any, row_id: int) -> None:
        cursor = encode_cursor("-at", value, row_id)
        assert decode_cursor(cursor, "-at", type(value)) == (value, row_id)

    @given(st.text(max_size=60))
    def test_anything_else_names_the_cursor(self, cursor: str) -> None:
        with pytest.raises(Invalid) as caught:
            decode_cursor(cursor, "-at", datetime)
        assert caught.value.field == "cursor"

    @pytest.mark.parametrize(
        "content",
        [
            ["at", "2026-11-24T09:30:00+08:00", 1],  # the other order
            ["-at", "2026-11-24T09:30:00", 1],  # no zone
            ["-at", 5, 1],
            ["-at", "2026-11-24T09:30:00Z", 2**63],
            ["-at", "2026-11-24T09:30:00Z", "1"],
            ["-at", "2026-11-24T09:30:00Z"],
        ],
    )
    def test_a_forged_cursor_is_refused(self, content: list[Any]) -> None:
        cursor = base64.urlsafe_b64encode(msgspec.json.encode(content)).decode()
        with pytest.raises(Invalid):
            decode_cursor(cursor, "-at", datetime)

    @pytest.mark.django_db
    @pytest.mark.parametrize("order", ["count", "-count"])
    def test_pages_cover_every_row_once_with_ties(self, order: str) -> None:
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.all().delete()
        for n in range(11):
            ContentType.objects.create(app_label=f"tie{n % 3}", model=f"m{n}")
        order = order.replace("count", "app_label")
        seen: list[int] = []
        cursor = None
        for _ in range(5):
            rows, cursor = paginate(ContentType.objects.all(), order, str, cursor=cursor, limit=3)
            seen += [row.pk for row in rows]
            if cursor is None:
                break
        down = order.startswith("-")
        wanted = ContentType.objects.order_by(order, "-pk" if down else "pk")
        assert seen == [row.pk for row in wanted]


class TestRateLimit:
    @pytest.mark.django_db
    def test_the_hit_above_the_limit_is_told_when_to_come_back(
        self, client: Client, things: Things
    ) -> None:
        with clock.at(MOMENT + timedelta(seconds=20)):
            for _ in range(3):
                assert client.post("/api/v1/open").status_code == 200
            answer = client.post("/api/v1/open")
            assert (answer.status_code, answer["Retry-After"]) == (429, "40")
            assert client.post("/api/v1/open", REMOTE_ADDR="192.0.2.9").status_code == 200
        with clock.at(MOMENT + timedelta(seconds=60)):
            assert client.post("/api/v1/open").status_code == 200

    @pytest.mark.django_db
    def test_one_ipv6_network_is_one_client(self) -> None:
        ratelimit.limit(rf.get("/", REMOTE_ADDR="2001:db8::1"), "b", 1)
        ratelimit.limit(rf.get("/", REMOTE_ADDR="2001:db8:0:1::1"), "b", 1)
        with pytest.raises(TooMany):
            ratelimit.limit(rf.get("/", REMOTE_ADDR="2001:db8::2"), "b", 1)

    @pytest.mark.django_db
    def test_old_counts_are_forgotten(self) -> None:
        ratelimit.limit(rf.get("/"), "b", 1)
        assert ratelimit.forget_clients() == 0
        with clock.at(clock.now() + timedelta(hours=2)):
            assert ratelimit.forget_clients() == 1
        assert not Hits.objects.exists()

    @pytest.mark.parametrize(
        ("trusted", "remote", "forwarded", "client"),
        [
            ("", "10.0.0.1", "203.0.113.5", "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", "203.0.113.5", "203.0.113.5"),
            ("10.0.0.0/8", "10.0.0.1", "1.1.1.1, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
            ("10.0.0.0/8", "198.51.100.1", "203.0.113.5", "198.51.100.1"),
            ("10.0.0.1, ::1", "::1", "garbage", "::1"),
            ("10.0.0.1", "10.0.0.1", "", "10.0.0.1"),
        ],
    )
    def test_forwarded_addresses_count_only_from_trusted_proxies(
        self,
        monkeypatch: pytest.MonkeyPatch,
        trusted: str,
        remote: str,
        forwarded: str,
        client: str,
    ) -> None:
        monkeypatch.setenv("MENGDING_TRUSTED_PROXIES", trusted)
        request = rf.get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
        assert ratelimit.client_address(request) == client


class TestVersions:
    @pytest.mark.parametrize(
        ("header", "body", "wanted"),
        [('"7"', None, 7), ('"7"', 7, 7), ("", 3, 3), ("", None, None), ("*", 3, 3)],
    )
    def test_the_version_may_stand_in_either_place(
        self, header: str, body: int | None, wanted: int | None
    ) -> None:
        assert wanted_version(rf.put("/", HTTP_IF_MATCH=header), body) == wanted

    @pytest.mark.parametrize(("header", "body"), [("7", None), ('W/"7"', None), ('"7"', 8)])
    def test_a_wrong_header_names_itself(self, header: str, body: int | None) -> None:
        with pytest.raises(Invalid) as caught:
            wanted_version(rf.put("/", HTTP_IF_MATCH=header), body)
        assert caught.value.field == "If-Match"


class TestDocument:
    def test_it_says_what_the_shapes_cannot(self, client: Client) -> None:
        document = client.get("/api/v1/openapi.json").json()
        assert document["openapi"].startswith("3.1")
        things = document["paths"]["/api/v1/things"]
        create, listed = things["post"], things["get"]
        assert create["operationId"] == "thing_create"
        assert listed["operationId"] == "things_list"
        assert create["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        key = {"$ref": "#/components/parameters/IdempotencyKey"}
        assert key in create["parameters"]
        assert key not in listed["parameters"]
        assert create["x-mengding-action"] == "regions.manage"
        assert create["security"] == [{"bearer": []}, {"session": []}]
        assert listed["security"] == []
        update = document["paths"]["/api/v1/things/{number}"]["put"]
        assert {"$ref": "#/components/parameters/IfMatch"} in update["parameters"]
        assert document["components"]["schemas"]["Problem"]["required"]

    def test_the_page_needs_nothing_from_elsewhere(self, client: Client) -> None:
        page = client.get("/api/v1/docs", headers=bearer("desk")).content.decode()
        assert "swagger-ui" in page
        assert "//cdn" not in page
        assert "https://" not in page
