"""A retry with the same Idempotency-Key returns the first answer; the action runs once.

Key, action and stored answer share one transaction. A duplicate that arrives meanwhile waits on
the unique index until the first commits, so there is no moment in which both can run.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeGuard

from django.core.exceptions import SuspiciousOperation
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from psycopg.types.json import Jsonb

from mengding.core import clock, seal
from mengding.core.actor import Actor
from mengding.core.errors import DomainError, Invalid
from mengding.core.text import T
from mengding.http.models import IdempotencyKey
from mengding.http.problem import answer
from mengding.http.ratelimit import client_address
from mengding.http.request import actor_of

HEADER = "Idempotency-Key"
LIFETIME = timedelta(days=7)
_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Content-Language")
_KEY = re.compile(r"[\x20-\x7e]{1,200}")
_HEAD = 1024 * 1024

_CLAIM = """
INSERT INTO http_idempotencykey (principal, key, digest, at, status, headers, body)
VALUES (%s, %s, %s, %s, 0, '{}', '') ON CONFLICT DO NOTHING
"""
_STORE = """
UPDATE http_idempotencykey SET status = %s, headers = %s, body = %s
WHERE principal = %s AND key = %s
"""


def keep_on_refusal(request: HttpRequest) -> None:
    """Commit what this request writes even if it is refused (4xx), key or no key.

    For handlers that must remember a refusal, such as failed sign-ins; a client could
    otherwise undo the count by sending a key.
    """
    request.keep_on_refusal = True  # type: ignore[attr-defined]


def answer_anew(request: HttpRequest) -> None:
    """Keep no answer of this request: it tells how things stand, and may differ next time."""
    request.answer_anew = True  # type: ignore[attr-defined]


def expire_keys() -> int:
    """Delete keys older than seven days; for a periodic job. Returns how many."""
    return IdempotencyKey.objects.filter(at__lt=clock.now() - LIFETIME).delete()[0]


@dataclass(frozen=True, slots=True)
class Claim:
    """One key of one principal, for one request."""

    principal: str
    key: str
    digest: bytes

    @property
    def context(self) -> str:
        """What the stored body is encrypted for."""
        return f"idempotency:{self.principal}:{self.key}"

    def by(self, actor: Actor) -> "Claim":
        """The claim of `actor`, where the form itself says who that is."""
        return replace(self, principal=_named(actor))


class Idempotency:
    """The innermost middleware: unsafe methods under /api/v1/ that carry the header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Run once per key, or replay; without the header nothing happens here."""
        if request.method not in _METHODS or not request.path_info.startswith("/api/v1/"):
            return self.get_response(request)
        try:
            claim = claimed(request)
            if claim is not None:
                return once(request, claim, self.get_response)
        except (DomainError, SuspiciousOperation, UnreadablePostError) as exc:
            return answer(request, exc)
        return self.get_response(request)


def claimed(request: HttpRequest) -> Claim | None:
    """What the request's header claims; None without one. To be called before a form is parsed.

    Raises `Invalid` naming the header.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid(
            "idempotency_key_malformed",
            T(
                "应为 1–200 个可见 ASCII 字符。",
                "Must be 1 to 200 printable ASCII characters.",
            ),
            field=HEADER,
        )
    return Claim(_principal(request), key, _digest(request))


def once(
    request: HttpRequest,
    claim: Claim,
    respond: Callable[[HttpRequest], HttpResponseBase],
) -> HttpResponseBase:
    """The answer of `respond`, which runs once a claim; later calls get the first answer.

    `respond` answers refusals, it does not raise them. Raises `Invalid` for a key used before
    for something else.
    """
    while True:
        rolled_back = False
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLAIM, [claim.principal, claim.key, claim.digest, clock.now()])
            if cursor.rowcount:
                request.after_rollback = []  # type: ignore[attr-defined]
                response = respond(request)
                if _can_be_kept(response, request):
                    cursor.execute(_STORE, _stored(response, claim))
                    return response
                kept = getattr(request, "keep_on_refusal", False)
                if response.status_code >= 500 or (response.status_code >= 400 and not kept):
                    transaction.set_rollback(True)
                    rolled_back = True
                else:  # the action stands, the answer cannot be given again
                    _forget(claim)
            else:
                replayed = _replay(claim)
                if replayed is not None:
                    return replayed
                continue
        if rolled_back:
            for again in request.after_rollback:  # type: ignore[attr-defined]
                again()
        return response


def _principal(request: HttpRequest) -> str:
    actor = actor_of(request)
    if actor is None:
        return f"ip:{client_address(request)}"[:80]
    return _named(actor)


def _named(actor: Actor) -> str:
    return f"{actor.kind.value}:{actor.account_id or ''}:{actor.post_id or ''}"


def _can_be_kept(response: HttpResponseBase, request: HttpRequest) -> TypeGuard[HttpResponse]:
    """Whether a replay would mean the same. Streams and new session cookies cannot be replayed."""
    session = getattr(request, "session", None)
    return (
        response.status_code < 400
        and isinstance(response, HttpResponse)
        and not response.cookies
        and not getattr(request, "answer_anew", False)
        and not (session is not None and session.modified)
    )


def _stored(response: HttpResponse, claim: Claim) -> list[Any]:
    headers = {name: response[name] for name in _KEPT_HEADERS if response.has_header(name)}
    # Latin-1 carries any bytes through a function made for text.
    body = seal.encrypt(response.content.decode("latin-1"), context=claim.context)
    return [response.status_code, Jsonb(headers), body, claim.principal, claim.key]


def _forget(claim: Claim) -> None:
    IdempotencyKey.objects.filter(principal=claim.principal, key=claim.key).delete()


def _replay(claim: Claim) -> HttpResponse | None:
    """The first answer; None when the key went away or was too old (the caller tries again)."""
    first = IdempotencyKey.objects.filter(principal=claim.principal, key=claim.key).first()
    if first is None:
        return None
    if first.at < clock.now() - LIFETIME:
        _forget(claim)
        return None
    if bytes(first.digest) != claim.digest:
        raise Invalid(
            "idempotency_key_reused",
            T(
                "此幂等键已用于另一请求，请换一个新的。",
                "This key was already used for a different request; use a new one.",
            ),
            field=HEADER,
        )
    body = seal.decrypt(bytes(first.body), context=claim.context).encode("latin-1")
    response = HttpResponse(body, status=first.status, headers=first.headers)
    response["Idempotency-Replayed"] = "true"
    return response


def _digest(request: HttpRequest) -> bytes:
    """SHA-256 over method, path with query, and body.

    An upload counts with its first MiB and its length, so that it need not be held in memory.
    The boundary is left out: clients draw a new one for each retry.
    """
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        found.update(request.body)
        return found.digest()
    head = _peek(request)
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    boundary = (request.content_params or {}).get("boundary", "").encode()
    if boundary:
        # Beyond the head only the closing boundary is expected.
        count = head.count(boundary) + (1 if length > _HEAD else 0)
        length -= count * len(boundary)
        head = head.replace(boundary, b"")[: _HEAD - 16 * 1024]
    found.update(f"{length}\n".encode())
    found.update(head)
    return found.digest()


def _peek(request: HttpRequest) -> bytes:
    """The first MiB of the body, which stays readable for the parser behind us."""
    stream = request._stream
    head = b""
    while len(head) < _HEAD:
        chunk = stream.read(_HEAD - len(head))
        if not chunk:
            break
        head += chunk
    request._stream = _Rewound(head, stream)  # type: ignore[assignment]
    return head


class _Rewound:
    """A stream whose first bytes were already read."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self.head = head
        self.rest = rest

    def read(self, size: int | None = None) -> bytes:
        """As a file: up to `size` bytes, or all."""
        if size is None or size < 0:
            head, self.head = self.head, b""
            return head + bytes(self.rest.read())
        if self.head:
            head, self.head = self.head[:size], self.head[size:]
            return head
        return bytes(self.rest.read(size))

    def readline(self, size: int | None = None) -> bytes:
        """As a file: up to the next newline or `size` bytes."""
        end = self.head.find(b"\n") + 1
        if end or not self.head:
            if not self.head:
                return bytes(self.rest.readline() if size is None else self.rest.readline(size))
            return self.read(end if size is None or size < 0 else min(end, size))
        if size is not None and 0 <= size <= len(self.head):
            return self.read(size)
        head, self.head = self.head, b""
        return head + self.readline(None if size is None or size < 0 else size - len(head))
