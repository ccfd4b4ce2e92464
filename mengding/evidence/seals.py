"""The seal of an attachment: what the server can prove later, also after it was erased.

The server signs a statement (Ed25519) that names the content by digest and holds no more of what
the device said than a salted digest of it. Erasing deletes what was said and the salt; the
statement and its signature stay and verify.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from mengding.evidence.models import Evidence, Seal


@lru_cache(maxsize=4)
def _key(evidence_key: str) -> Ed25519PrivateKey:
    """Derived from the key of the originals, so that one secret of the state folder is enough."""
    secret = base64.urlsafe_b64decode(evidence_key)
    return Ed25519PrivateKey.from_private_bytes(
        HKDF(SHA256(), 32, salt=None, info=b"mengding evidence seal v1").derive(secret)
    )


def public_key() -> bytes:
    """The raw public key of this installation (32 bytes)."""
    key = _key(settings.EVIDENCE_KEY).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id() -> str:
    """The first 16 hexadecimal digits of the public key's SHA-256."""
    return hashlib.sha256(public_key()).hexdigest()[:16]


def said_by_device(row: Evidence) -> dict[str, Any]:
    """What the device said: its clock at capture, place, accuracy, whether simulated."""
    return {
        "captured_at": _moment(row.captured_at),
        "lon": _number(row.captured_lon),
        "lat": _number(row.captured_lat),
        "accuracy_m": _number(row.accuracy_m),
        "mock": row.mock,
    }


def countersign(row: Evidence) -> Seal:
    """Sign an attachment that was just made; `blob` must be loaded."""
    salt = os.urandom(16)
    statement = _text(
        {
            "v": 1,
            **_facts(row),
            "served_sha256": row.blob.served_sha256,
            "device": _digest(salt, said_by_device(row)),
        }
    )
    return Seal.objects.create(
        evidence=row,
        statement=statement,
        signature=_key(settings.EVIDENCE_KEY).sign(statement.encode()),
        key_id=key_id(),
        salt=salt,
    )


def digest_of(seal: Seal) -> str:
    """What the ledger keeps of a seal: SHA-256 (hex) over statement and signature."""
    return hashlib.sha256(seal.statement.encode() + bytes(seal.signature)).hexdigest()


def forget_salt(row: Evidence) -> None:
    """After erasing: nobody can try out what the device may have said."""
    Seal.objects.filter(evidence=row).update(salt=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a seal, as codes; [] when it verifies.

    "key": signed by another installation's key; "signature": statement or signature was changed;
    "statement": the attachment is not what was signed; "device": what the device said was changed.
    """

    faults: list[str]

    @property
    def verified(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


def verify(row: Evidence, seal: Seal) -> Verdict:
    """Check a seal against the attachment as it is now; `blob` must be loaded."""
    if seal.key_id != key_id():
        return Verdict(["key"])
    try:
        Ed25519PublicKey.from_public_bytes(public_key()).verify(
            bytes(seal.signature), seal.statement.encode()
        )
    except InvalidSignature:
        return Verdict(["signature"])
    stated: dict[str, Any] = json.loads(seal.statement)
    faults = []
    if any(stated.get(name) != value for name, value in _facts(row).items()):
        faults.append("statement")
    if row.erased_at is None and (
        seal.salt is None or _digest(bytes(seal.salt), said_by_device(row)) != stated["device"]
    ):
        faults.append("device")
    return Verdict(faults)


def _facts(row: Evidence) -> dict[str, Any]:
    """What stays of an attachment when it is erased."""
    return {
        "evidence": row.pk,
        "subject": f"{row.subject_kind}:{row.subject_id}",
        "purpose": row.purpose,
        "sha256": row.blob_id,
        "size": row.blob.size,
        "account": row.account_id,
        "post": row.post_id,
        "at": _moment(row.created_at),
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else None


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)  # 103 comes back from the database as 103.0


def _digest(salt: bytes, said: dict[str, Any]) -> str:
    return hashlib.sha256(salt + _text(said).encode()).hexdigest()


def _text(values: dict[str, Any]) -> str:
    """One way to write it: sorted, no spaces, floats as Python's shortest exact form."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
