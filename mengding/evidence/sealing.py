"""Originals at rest: AES-256-GCM in frames, so that a file of any size passes through memory.

Layout: version byte, 8 random bytes, then frames of up to 1 MiB plain, each sealed with a nonce
of those bytes and its number. Number and "this is the last" are authenticated with the SHA-256
of the whole, so frames cannot be swapped, dropped or moved to another file.
"""

import base64
import os
from collections.abc import Iterable, Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_FRAME = 1024 * 1024
_TAG = 16


def seal(chunks: Iterable[bytes], key: str, sha256: str) -> Iterator[bytes]:
    """Sealed bytes of `chunks`; `key` is 32 bytes in URL-safe base64."""
    cipher, prefix, number = AESGCM(base64.urlsafe_b64decode(key)), os.urandom(8), 0
    yield _VERSION + prefix
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > _FRAME:
            frame, held = bytes(held[:_FRAME]), held[_FRAME:]
            yield cipher.encrypt(_nonce(prefix, number), frame, _bound(sha256, last=False))
            number += 1
    yield cipher.encrypt(_nonce(prefix, number), bytes(held), _bound(sha256, last=True))


def unseal(file: IO[bytes], key: str, sha256: str) -> Iterator[bytes]:
    """The plain bytes again; raises `InvalidTag` if anything was changed."""
    cipher = AESGCM(base64.urlsafe_b64decode(key))
    head = file.read(9)
    if len(head) != 9 or head[:1] != _VERSION:
        raise InvalidTag
    number, frame = 0, file.read(_FRAME + _TAG)
    while True:
        following = file.read(_FRAME + _TAG)
        bound = _bound(sha256, last=not following)
        yield cipher.decrypt(_nonce(head[1:], number), frame, bound)
        if not following:
            return
        number, frame = number + 1, following


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(4, "big")


def _bound(sha256: str, *, last: bool) -> bytes:
    return sha256.encode() + (b":last" if last else b":more")
