"""Codes of the second step: TOTP (RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes. No writes.

Which roles have to use it is a setting of the installation: `MENGDING_REQUIRE_TOTP`, role codes
with commas between, or `all`.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

import pyotp
import segno
from django.conf import settings
from django.utils.crypto import constant_time_compare

from mengding.core import seal

STEP = 30  # s
SKEW = 1  # steps a phone's clock may be off, either way
RECOVERY_CODES = 10
ISSUER = "蒙顶 Mengding"
_DIGITS = re.compile(r"\d{6}")
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is read as something else


def required(roles: Iterable[str]) -> bool:
    """Whether somebody with these roles has to use the second step."""
    return any(role in settings.REQUIRE_TOTP for role in roles)


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def sealed(secret: str, account_id: int) -> bytes:
    """The secret as it is stored: it opens for this account only."""
    return seal.encrypt(secret, context=_context(account_id))


def opened(stored: bytes | memoryview, account_id: int) -> str:
    """The inverse of `sealed`."""
    return seal.decrypt(bytes(stored), context=_context(account_id))


def _context(account_id: int) -> str:
    return f"account:{account_id}:totp"


def address(secret: str, username: str) -> str:
    """The otpauth:// address that authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def picture(uri: str) -> str:
    """A QR code as SVG, black on white with its quiet zone."""
    svg: str = segno.make(uri, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def normal(code: str) -> str:
    """What was typed, without blanks and dashes, in lower case."""
    return re.sub(r"[\s-]", "", code).lower()


def fitting_step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The step whose code this is, within the allowed skew and behind step `after`; else None."""
    if not _DIGITS.fullmatch(code):
        return None
    current, totp = int(now.timestamp()) // STEP, pyotp.TOTP(secret)
    found = None
    for step in range(current - SKEW, current + SKEW + 1):  # always all: the time tells nothing
        if constant_time_compare(totp.generate_otp(step), code) and step > after:
            found = step
    return found


def new_recovery() -> list[str]:
    """Fresh codes of 16 characters (79 bits), as they are shown: "abcd-efgh-jkmn-pqrs"."""
    return [_one() for _ in range(RECOVERY_CODES)]


def _one() -> str:
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return "-".join(drawn[at : at + 4] for at in range(0, 16, 4))


def recovery_digest(code: str) -> str:
    """SHA-256 in hex of a recovery code. Plain: the code itself is random."""
    return hashlib.sha256(normal(code).encode()).hexdigest()
