import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from mengding.core import clock
from mengding.http.idempotency import _HEAD, _Rewound, expire_keys
from mengding.http.models import IdempotencyKey
from mengding.http.tests.conftest import Things, bearer


def create(client: Client, key: str, name: str = "tea", who: str = "admin") -> Any:
    return client.post(
        "/api/v1/things",
        json.dumps({"name": name}),
        content_type="application/json",
        headers={**bearer(who), "Idempotency-Key": key},
    )


def test_a_retry_returns_the_first_answer_and_does_nothing(client: Client, things: Things) -> None:
    first, second = create(client, "k1"), create(client, "k1")
    assert things.names() == ["tea"]
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second["Location"] == first["Location"]
    assert second["ETag"] == '"1"'
    assert second["Content-Type"] == "application/json"
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first


def test_the_stored_answer_cannot_be_read_in_the_database(client: Client, things: Things) -> None:
    create(client, "k1", name="secret")
    assert b"secret" not in bytes(IdempotencyKey.objects.get().body)


def test_the_same_key_for_something_else_is_refused(client: Client, things: Things) -> None:
    create(client, "k1")
    answer = create(client, "k1", name="other")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    other = client.put("/api/v1/things/1", headers={**bearer("admin"), "Idempotency-Key": "k1"})
    assert other.json()["code"] == "idempotency_key_reused"
    assert things.names() == ["tea"]


def test_keys_belong_to_their_principal(client: Client, things: Things) -> None:
    create(client, "k1")
    assert create(client, "k1", who="other").status_code == 201
    assert things.names() == ["tea", "tea"]


def test_a_refusal_leaves_nothing_and_the_key_stays_free(client: Client, things: Things) -> None:
    headers = {"Idempotency-Key": "k1"}
    assert client.post("/api/v1/open?refuse=1", headers=headers).status_code == 404
    assert client.post("/api/v1/crash", headers=headers).status_code == 500
    assert things.names() == []
    assert not IdempotencyKey.objects.exists()
    assert client.post("/api/v1/open", headers=headers).status_code == 200


def test_what_must_be_remembered_survives_a_refusal(client: Client, things: Things) -> None:
    for _ in range(2):
        answer = client.post("/api/v1/remember", headers={"Idempotency-Key": "k1"})
        assert answer.status_code == 404
        assert "Idempotency-Replayed" not in answer
    assert things.names() == ["failure", "failure"]


@pytest.mark.parametrize("path", ["/api/v1/sign-in", "/api/v1/stream"])
def test_answers_that_cannot_be_given_again_are_not_kept(
    client: Client, things: Things, path: str
) -> None:
    for _ in range(2):
        answer = client.post(path, headers={"Idempotency-Key": "k1"})
        assert answer.status_code == 200
        assert "Idempotency-Replayed" not in answer
    assert len(things.names()) == 2


def test_a_refused_try_still_counts_for_the_rate_limit(client: Client, things: Things) -> None:
    statuses = [
        client.post("/api/v1/open?refuse=1", headers={"Idempotency-Key": f"k{n}"}).status_code
        for n in range(4)
    ]
    assert statuses == [404, 404, 404, 429]


@pytest.mark.parametrize("key", ["", "x" * 201, "钥匙", "a\x07"])
def test_a_malformed_key_names_the_header(client: Client, things: Things, key: str) -> None:
    body = create(client, key).json()
    assert (body["code"], body["field"]) == ("idempotency_key_malformed", "Idempotency-Key")
    assert things.names() == []


def test_without_a_key_the_tables_are_not_touched(
    client: Client, things: Things, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):  # the action itself with its savepoint
        client.post(
            "/api/v1/things",
            '{"name": "tea"}',
            content_type="application/json",
            headers=bearer("admin"),
        )


def test_a_key_expires_after_seven_days(client: Client, things: Things) -> None:
    create(client, "k1")
    with clock.at(clock.now() + timedelta(days=6, hours=23)):
        assert create(client, "k1")["Idempotency-Replayed"] == "true"
        assert expire_keys() == 0
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        assert "Idempotency-Replayed" not in create(client, "k1")
    assert things.names() == ["tea", "tea"]
    with clock.at(clock.now() + timedelta(days=15)):
        assert expire_keys() == 1


def _multipart(content: bytes, boundary: str) -> bytes:
    head = 'Content-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    return f"--{boundary}\r\n{head}".encode() + content + f"\r\n--{boundary}--\r\n".encode()


@pytest.mark.parametrize("size", [10, _HEAD - 300, _HEAD, 3 * _HEAD + 17])
def test_an_upload_is_retried_with_another_boundary(
    client: Client, things: Things, size: int
) -> None:
    content = b"\n" * (size // 2) + b"z" * (size - size // 2 - 3) + b"end"

    def send(what: bytes, boundary: str) -> Any:
        return client.generic(
            "POST",
            "/api/v1/upload",
            _multipart(what, boundary),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"Idempotency-Key": "k1"},
        )

    first = send(content, "----aaaaaaaaaaaaaaaa")
    assert first.json()["size"] == size
    assert first.json()["last"] == "end"
    second = send(content, "----bbbbbbbbbbbb")
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"
    assert send(content + b"x", "----cccccccccccc").status_code == 422
    assert things.names() == ["upload"]


def test_an_upload_through_djangos_own_client(client: Client, things: Things) -> None:
    file = SimpleUploadedFile("a.txt", b"abcdef")
    answer = client.post("/api/v1/upload", {"file": file}, headers={"Idempotency-Key": "k1"})
    assert answer.json()["size"] == 6


def test_the_rewound_stream_reads_like_a_file() -> None:
    import io

    text = b"ab\ncd\n\nefg"
    for cut in range(len(text) + 1):
        stream = _Rewound(text[:cut], io.BytesIO(text[cut:]))
        assert [stream.readline() for _ in range(5)] == [b"ab\n", b"cd\n", b"\n", b"efg", b""]
        stream = _Rewound(text[:cut], io.BytesIO(text[cut:]))
        assert stream.readline(2) == b"ab"
        assert stream.readline(5) == b"\n"
        assert stream.read(1) == b"c"
        assert stream.read() == b"d\n\nefg"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_acts_and_both_get_its_answer(chain: None, things: Things) -> None:
    """Real connections, one a thread; repeated because a race may be missed once."""
    racers = 4
    for round_ in range(5):
        barrier = Barrier(racers)

        def send(_: int, key: str = f"race-{round_}", barrier: Barrier = barrier) -> Any:
            try:
                barrier.wait()
                return create(Client(), key)
            finally:
                connection.close()

        with ThreadPoolExecutor(racers) as pool:
            answers = list(pool.map(send, range(racers)))
        assert len({answer.content for answer in answers}) == 1
        assert [answer.status_code for answer in answers] == [201] * racers
        replayed = [answer.has_header("Idempotency-Replayed") for answer in answers]
        assert sorted(replayed) == [False] + [True] * (racers - 1)
    assert len(things.names()) == 5


@pytest.mark.django_db(transaction=True)
def test_when_the_first_is_refused_the_second_acts(chain: None, things: Things) -> None:
    barrier = Barrier(2)

    def send(path: str) -> Any:
        try:
            barrier.wait()
            headers = {"Idempotency-Key": "same"}
            return Client(raise_request_exception=False).post(path, headers=headers)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        refused, done = pool.map(send, ["/api/v1/open?refuse=1", "/api/v1/open"])
    assert done.status_code == 200
    assert refused.status_code in (404, 422)  # 422: it came second, with another address
    assert things.names() == ["open"]
