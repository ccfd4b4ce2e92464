"""A device and its person: makes work, queues it, and goes on whatever happens."""

import hashlib
import io
import random
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from bench.faults.layer import Network, Tally
from bench.faults.outbox import AppKilled, NoAnswer, Outbox

VILLAGE = "511803102201"
BREAKINGS = ("", "new_keys", "forgets")


class Device(threading.Thread):
    """One worker's phone. `orders`: cases whose work order is theirs to handle."""

    def __init__(
        self,
        name: str,
        folder: Path,
        network: Network,
        tally: Tally,
        orders: Iterator[int],
        *,
        role: str,
        mark: str,
        broken: str = "",
    ) -> None:
        super().__init__(daemon=True, name=name)
        self.file = folder / f"{name}.queue"
        self.network, self.tally, self.orders = network, tally, orders
        self.role, self.mark, self.broken = role, mark, broken
        self.random = random.Random(name)
        self.expected: set[str] = set()  # what the person saw queued, kept outside the app
        self.starts = 0
        self.failed: BaseException | None = None
        self.deadline = float("inf")

    def run(self) -> None:
        """Work until there were faults enough and the queue is empty."""
        try:
            while not self._life():
                pass
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            self.failed = error

    def _life(self) -> bool:
        """From one start of the app to its end; True when all is done."""
        self.starts += 1
        if self.broken == "forgets" and self.starts % 2 == 0:
            self.file.unlink(missing_ok=True)  # as if it had been kept in memory
        outbox = Outbox(self.file, self.network.send, new_keys=self.broken == "new_keys")
        pause = 0.01
        try:
            while time.monotonic() < self.deadline:
                if self.tally.count < self.tally.most and outbox.waiting() < 6:
                    self._work(outbox)
                try:
                    if not outbox.step() and self.tally.count >= self.tally.most:
                        return True
                    pause = 0.01
                except NoAnswer:
                    time.sleep(pause * self.random.uniform(0.8, 1.2))
                    pause = min(pause * 2, 0.5)
            return True
        except AppKilled:
            return False
        finally:
            outbox.close()

    def _work(self, outbox: Outbox) -> None:
        case = next(self.orders, None) if self.random.random() < 0.3 else None
        if case is not None:
            self._handle(outbox, case)
        elif self.role == "handler":
            time.sleep(0.02)  # nothing to report, waits for orders
            if (one := next(self.orders, None)) is not None:
                self._handle(outbox, one)
        elif self.role == "grid" and self.random.random() < 0.3:
            self._on_the_spot(outbox)
        else:
            self._report(outbox)

    def _queue(
        self, outbox: Outbox, path: str, body: dict[str, Any], photos: list[bytes],
        *names: str, depends: int | None = None,
    ) -> int:  # fmt: skip
        number = outbox.enqueue(path, body, photos=photos, depends=depends)
        self.expected |= set(names)
        return number

    def _text(self) -> str:
        """Words that are there once, and say of which run they are."""
        return f"{self.mark} {uuid.uuid4().hex}"

    def _photo(self) -> bytes:
        """A JPEG nobody has made before."""
        pixels = Image.frombytes("RGB", (40, 40), self.random.randbytes(40 * 40 * 3))
        out = io.BytesIO()
        pixels.save(out, "JPEG", quality=85, comment=uuid.uuid4().hex.encode())
        return out.getvalue()

    @staticmethod
    def _named(content: bytes, purpose: str) -> dict[str, Any]:
        return {
            "sha256": hashlib.sha256(content).hexdigest(),
            "purpose": purpose,
            "captured_at": datetime.now(UTC).isoformat(),
            "captured_lon": 103.11,
            "captured_lat": 30.09,
            "accuracy_m": 8.0,
            "mock": False,
        }

    def _message(self, text: str) -> dict[str, Any]:
        return {
            "description": text,
            "channel": "grid",
            "class_code": "C0101",
            "region_code": VILLAGE,
            "at": datetime.now(UTC).isoformat(),
        }

    def _report(self, outbox: Outbox) -> None:
        """With photos at once or one added afterwards, and a note that needs its case."""
        text, pictures = (
            self._text(),
            [self._photo() for _ in range(self.random.choice([0, 1, 1, 2]))],
        )
        body = self._message(text)
        body["photos"] = [self._named(each, "report") for each in pictures]
        names = [f"photo {photo['sha256']} of {text}" for photo in body["photos"]]
        number = self._queue(outbox, "/reports", body, pictures, f"report {text}", *names)
        if self.random.random() < 0.5:
            more = self._photo()
            named = {**self._named(more, "report"), "subject_kind": "case"}
            self._queue(
                outbox, "/evidence/attach", {**named, "subject_id": "{case_id}"}, [more],
                f"photo {named['sha256']} of {text}", depends=number,
            )  # fmt: skip
        if self.random.random() < 0.5:
            said = self._text()
            self._queue(
                outbox, "/cases/{case_id}/note", {"text": said}, [], f"note {said}",
                depends=number,
            )  # fmt: skip

    def _on_the_spot(self, outbox: Outbox) -> None:
        """自办, with how it was and how it is."""
        text, pictures = self._text(), [self._photo(), self._photo()]
        body = self._message(text) | {"report": self._text()}
        body["photos"] = [
            self._named(pictures[0], "before"),
            self._named(pictures[1], "after"),
        ]
        names = [f"photo {photo['sha256']} of {text}" for photo in body["photos"]]
        self._queue(
            outbox, "/reports/self_handled", body, pictures, f"report {text}",
            f"feed_back {body['report']}", *names,
        )  # fmt: skip

    def _handle(self, outbox: Outbox, case: int) -> None:
        """Accept, arrive, feed back with a photo: each with the version the last one left."""
        at = f"/cases/{case}"
        number = self._queue(
            outbox, f"{at}/accept", {"version": self._seen()}, [], f"accept {case}"
        )
        number = self._queue(
            outbox, f"{at}/arrive", {"version": "{version}"}, [], f"arrive {case}", depends=number
        )
        if self.random.random() < 0.3:
            said = self._text()
            body = {"version": "{version}", "text": said}
            number = self._queue(
                outbox, f"{at}/ask_help", body, [], f"ask_help {said}", depends=number
            )
        picture, said = self._photo(), self._text()
        named = self._named(picture, "after")
        self._queue(
            outbox, f"{at}/feed_back", {"version": "{version}", "report": said, "photos": [named]},
            [picture], f"feed_back {said}", f"photo {named['sha256']} of #{case}", depends=number,
        )  # fmt: skip

    def _seen(self) -> int:
        """The version the person saw: often an old one, which is a soft conflict."""
        return 3 if self.random.random() < 0.7 else 1
