"""The two stores behave alike; the local one survives a crash, the other one speaks real S3."""

import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from mengding.evidence import sealing
from mengding.evidence.names import clean_name
from mengding.evidence.store import LocalStore, S3Store, Store, key_of, s3_options, store

KEY = key_of("ab" * 32, "served")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 service on a real port, with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="te/st",
    )
    client.create_bucket(Bucket="evidence")
    yield address
    server.stop()


@pytest.fixture(params=["local", "s3"])
def each(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return LocalStore(tmp_path)
    address = request.getfixturevalue("endpoint")
    return S3Store(
        s3_options(f"s3://test:te%2Fst@evidence/a/b?endpoint_url={address}&region_name=us-east-1")
    )


def test_put_get_drop(each: Store) -> None:
    assert not each.has(KEY)
    with pytest.raises(FileNotFoundError):
        each.get(KEY).read()
    each.put(KEY, [b"one", b"two"])
    each.put(KEY, [b"one", b"two"])
    assert each.has(KEY)
    with each.get(KEY) as file:
        file.seek(2)
        assert file.read() == b"etwo"
    each.drop(KEY)
    each.drop(KEY)
    assert not each.has(KEY)


def test_same_key_at_once(each: Store) -> None:
    content, failed = os.urandom(300_000), []

    def run() -> None:
        try:
            each.put(KEY, [content[:100_000], content[100_000:]])
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with each.get(KEY) as file:
        assert file.read() == content
    each.drop(KEY)


def test_a_broken_upload_leaves_nothing(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise OSError("the disk is full")

    local = LocalStore(tmp_path)
    with pytest.raises(OSError, match="full"):
        local.put(KEY, chunks())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    local.put(KEY, [b"whole"])
    with pytest.raises(OSError, match="full"):
        local.put(KEY, chunks())
    assert (tmp_path / KEY).read_bytes() == b"whole"
    assert (tmp_path / KEY).stat().st_mode & 0o077 == 0
    assert KEY.startswith("ab/ab/")


@pytest.mark.django_db
def test_the_setting_moves_everything_to_s3(
    endpoint: str, settings: Any, matters: Any, acting: Any, root: Path
) -> None:
    from mengding.core.actor import Role
    from mengding.evidence import actions, queries
    from mengding.evidence.tests import files
    from mengding.evidence.tests.conftest import KIND

    settings.EVIDENCE_S3 = (
        f"s3://test:te%2Fst@evidence?endpoint_url={endpoint}&region_name=us-east-1"
    )
    assert isinstance(store(), S3Store)
    desk = acting(Role.DESK)
    row = actions.attach(desk, KIND, 1, io.BytesIO(files.jpeg()), "before")
    assert queries.unsound(row.blob) == []
    with queries.open_part(row.blob, "thumb") as file:
        assert file.read(3) == b"\xff\xd8\xff"
    assert not root.exists()
    actions.erase(acting(Role.SECURITY_ADMIN), row.pk, "误传")
    assert actions.drop_unused(row.blob_id)
    assert queries.unsound(row.blob) == ["original", "served", "preview", "thumb"]


@pytest.mark.parametrize("url", ["http://bucket", "s3://", "s3://b?endpoint=x", "bucket"])
def test_bad_setting_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="MENGDING_S3"):
        s3_options(url)


SEAL_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def sealed(content: bytes, sha256: str = "a") -> bytes:
    return b"".join(sealing.seal([content[:70_000], content[70_000:]], SEAL_KEY, sha256))


def opened(content: bytes, sha256: str = "a") -> bytes:
    return b"".join(sealing.unseal(io.BytesIO(content), SEAL_KEY, sha256))


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_sealing_round_trip(size: int) -> None:
    content = os.urandom(size)
    assert opened(sealed(content)) == content


def test_sealed_bytes_cannot_be_cut_swapped_or_moved() -> None:
    whole = sealed(bytes(3 * 2**20))
    frame = 2**20 + 16
    swapped = whole[:9] + whole[9 + frame : 9 + 2 * frame] + whole[9 : 9 + frame]
    swapped += whole[9 + 2 * frame :]
    assert len(swapped) == len(whole)
    for broken in (whole[:-1], whole[: 9 + frame], whole[: 9 + 2 * frame], swapped, b"", b"\x02"):
        with pytest.raises(InvalidTag):
            opened(broken)
    with pytest.raises(InvalidTag):
        opened(whole, "b")


@pytest.mark.parametrize(
    ("name", "extension", "cleaned"),
    [
        ("IMG_1.HEIC", "jpg", "IMG_1.jpg"),
        ("../../etc/passwd", "txt", "passwd.txt"),
        ("C:\\Users\\a\\井盖.jpg", "jpg", "井盖.jpg"),
        ("井盖\u202egpj.exe", "jpg", "井盖gpj.jpg"),
        ("a\r\nSet-Cookie: x.pdf", "pdf", "aSet-Cookie_ x.pdf"),
        ("", "jpg", "附件.jpg"),
        (".htaccess", "txt", "htaccess.txt"),
        ("...", "pdf", "附件.pdf"),
        ("字" * 300, "jpg", "字" * 116 + ".jpg"),
    ],
)
def test_names(name: str, extension: str, cleaned: str) -> None:
    assert clean_name(name, extension) == cleaned


@given(st.text())
def test_any_name_is_safe(name: str) -> None:
    cleaned = clean_name(name, "jpg")
    assert 5 <= len(cleaned) <= 120
    assert cleaned.endswith(".jpg")
    assert not set(cleaned) & set('/\\\0\r\n"<>')
    assert clean_name(cleaned, "jpg") == cleaned
