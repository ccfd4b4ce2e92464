"""Sealing words and contact data: salted digests for the ledger, AES-GCM for storage."""

import base64
import hashlib
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


def digest(salt: bytes, text: str) -> bytes:
    """SHA-256 over salt and text (32 bytes). Without the salt a short text cannot be guessed."""
    return hashlib.sha256(salt + text.encode()).digest()


def new_salt() -> bytes:
    """16 random bytes."""
    return os.urandom(16)


@lru_cache(maxsize=4)
def _cipher(key: str) -> AESGCM:
    return AESGCM(base64.urlsafe_b64decode(key))


def encrypt(text: str, *, context: str) -> bytes:
    """AES-256-GCM; `context` (e.g. "report:17:phone") binds the value to its place."""
    nonce = os.urandom(12)
    key = _cipher(settings.CONTACT_KEY)
    return b"\x01" + nonce + key.encrypt(nonce, text.encode(), context.encode())


def decrypt(sealed: bytes, *, context: str) -> str:
    """The inverse of `encrypt`; raises `cryptography.exceptions.InvalidTag` when moved."""
    if sealed[:1] != b"\x01":
        raise ValueError("sealed: unknown version")
    plain = _cipher(settings.CONTACT_KEY).decrypt(sealed[1:13], sealed[13:], context.encode())
    return plain.decode()
