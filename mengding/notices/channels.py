"""Ways to tell a post besides the console: registered at start, each fed by the outbox.

In-app notices are always written. A channel (a text message, a messenger of the district) gets
the same facts, one outbox row for each notice, retried on its own.
"""

from collections.abc import Callable, Iterable
from typing import Any

from mengding.ledger import outbox

OUTBOX_KIND = "notice.channel"
Send = Callable[[str, int, dict[str, Any]], None]
_channels: dict[str, Send] = {}


def register(name: str, send: Send) -> None:
    """`send(key, post_id, facts)`: it raises to be tried again, under the same key.

    `facts`: kind, action, case, event and time; no words and no contact data.
    """
    if name in _channels:
        raise RuntimeError(f"channel {name!r} registered twice")
    _channels[name] = send


def unregister(name: str) -> None:
    """Forget a channel; what waits for it fails and is shown as failed."""
    _channels.pop(name, None)


def pass_on(key: str, posts: Iterable[int], facts: dict[str, Any]) -> None:
    """Queue one message for each channel and post; called where the notices are written."""
    said = {name: facts[name] for name in ("kind", "action", "case", "event", "at")}
    outbox.put(
        [
            (
                f"{key}:{name}:{post}",
                OUTBOX_KIND,
                {"channel": name, "post": post, "facts": said},
            )
            for name in _channels
            for post in posts
        ]
    )


@outbox.handles(OUTBOX_KIND)
def _deliver(key: str, payload: dict[str, Any]) -> None:
    send = _channels.get(payload["channel"])
    if send is None:
        raise LookupError(f"channel {payload['channel']!r} is not registered")
    send(key, payload["post"], payload["facts"])
