"""Rate limits of public endpoints, counted in PostgreSQL so that all processes agree.

A fixed window of one minute, one upsert a hit, in an unlogged table: a crash forgets the counts
and nothing else.
"""

import ipaddress
import os
from datetime import timedelta
from functools import lru_cache

from django.db import connection
from django.http import HttpRequest

from mengding.core import clock
from mengding.core.errors import TooMany
from mengding.core.text import T
from mengding.http.models import Hits

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HIT = """
INSERT INTO http_hits AS h (bucket, client, minute, count) VALUES (%s, %s, %s, 1)
ON CONFLICT (bucket, client) DO UPDATE SET
  count = CASE WHEN h.minute = excluded.minute THEN h.count + 1 ELSE 1 END,
  minute = excluded.minute
RETURNING count
"""


@lru_cache(maxsize=4)
def _trusted(setting: str) -> tuple[_Network, ...]:
    return tuple(
        ipaddress.ip_network(part.strip(), strict=False)
        for part in setting.split(",")
        if part.strip()
    )


def _is_trusted(address: str) -> bool:
    networks = _trusted(os.environ.get("MENGDING_TRUSTED_PROXIES", ""))
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def client_address(request: HttpRequest) -> str:
    """The caller's address.

    X-Forwarded-For counts only as far as proxies named in MENGDING_TRUSTED_PROXIES (addresses
    or networks, separated by commas) wrote it: anyone can send the header.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    for earlier in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not _is_trusted(address):
            break
        try:
            address = str(ipaddress.ip_address(earlier))
        except ValueError:
            break
    return address


def _client(request: HttpRequest) -> str:
    address = client_address(request)
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        # One household or server holds a whole /64.
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def limit(request: HttpRequest, bucket: str, per_minute: int, *, client: str | None = None) -> None:
    """Count one hit of this client on `bucket`; raises `TooMany` above `per_minute`.

    `client`: whom to count for instead of the caller's address.
    """
    now = clock.now()
    who = _client(request) if client is None else client
    values = (bucket, who, int(now.timestamp()) // 60)

    def hit() -> int:
        with connection.cursor() as cursor:
            cursor.execute(_HIT, values)
            return int(cursor.fetchone()[0])

    count = hit()
    # A refused idempotent action is rolled back, and this hit with it: count it again then.
    again = getattr(request, "after_rollback", None)
    if again is not None:
        again.append(hit)
    if count > per_minute:
        wait = 60 - now.second
        raise TooMany(
            "too_many_requests",
            T(
                "请求过于频繁，请在 {wait} 秒后重试。", "Too many requests; try again in {wait} s."
            ).fill(wait=wait),
            retry_after=wait,
        )


def forget_clients() -> int:
    """Delete counts older than an hour; for a periodic job. Returns how many."""
    edge = int((clock.now() - timedelta(hours=1)).timestamp()) // 60
    return Hits.objects.filter(minute__lt=edge).delete()[0]
