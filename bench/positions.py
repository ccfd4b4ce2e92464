"""`python -m bench.positions [workers] [seconds]`: positions of many workers beside normal use.

Each worker sends one fix in five seconds, one request a fix, as a Traccar client does: the worst
case. Meanwhile people read lists and write notes through the API, and a console follows the
stream. Every fix sent must be stored. Then batches, as our own app sends them; then the storing
statement alone, with and without the walls of the database. Load generator, console, server and
PostgreSQL share the machine's cores, and whatever else runs on it: ratios count.
"""

import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.load import Load, exchange
from bench.phases import listing

BUILD = Path("build/bench")
PORT = int(os.environ.get("BENCH_PORT", "8993"))
MENGDING = [sys.executable, "-m", "mengding"]
EVERY = 5.0  # s between two fixes of one worker
CONNECTIONS = 250  # of the phones; each carries a few of them
INGEST = "/api/v1/positions/osmand"


def secret(n: int) -> str:
    """The device id of worker n. For this population only: real ones are random."""
    return f"bench{n:019d}"


def main(arguments: list[str]) -> int:
    """Run once and write `build/bench/positions.json`; 1 when a fix was lost or came too late."""
    if arguments and arguments[0] == "send":
        return send(int(arguments[1]), float(arguments[2]))
    if arguments and arguments[0] in ("seed", "store"):
        return {"seed": seed, "store": store_alone}[arguments[0]](int(arguments[1]))
    workers, seconds = (int(a) for a in [*arguments, *["2000", "60"][len(arguments) :]])
    environment = {**os.environ, "MENGDING_DATA": str((BUILD / "state-positions").resolve())}
    environment.pop("DATABASE_URL", None)
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run([*MENGDING, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    listed = subprocess.run(
        [*MENGDING, "demo", "--load", "--json"],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    tokens = {row["username"]: row["token"] for row in json.loads(listed)}
    own = [sys.executable, "-m", "bench.positions"]
    subprocess.run([*own, "seed", str(workers)], env=environment, check=True)
    command = [*MENGDING, "run", "--port", str(PORT)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            result = measure(tokens, workers, seconds)
        finally:
            server.terminate()
    alone = subprocess.run([*own, "store", "400"], env=environment, check=True, capture_output=True)
    result["store"] = json.loads(alone.stdout.splitlines()[-1])
    print(f"store          {result['store']}", flush=True)
    (BUILD / "positions.json").write_text(json.dumps(result, indent=1))
    return 0 if result["lost"] == 0 and result["sustained"] else 1


def seed(workers: int) -> int:
    """Accounts with posts, open duty and a device each; bulk rows, for the benchmark only."""
    from mengding.cli.main import _django

    with _django():
        from mengding.core import clock
        from mengding.duty.models import Interval
        from mengding.people.models import Account, Organisation, Post
        from mengding.positions.models import Device
        from mengding.regions.models import Region

        now = clock.now()
        villages = list(Region.objects.filter(level="village").order_by("code"))
        centres = dict(Organisation.objects.filter(kind="centre").values_list("region_id", "pk"))
        names = [f"bench{n}" for n in range(workers)]
        there = set(Account.objects.filter(username__in=names).values_list("username", flat=True))
        Account.objects.bulk_create(
            Account(username=name, name=f"测试{name[5:]}") for name in names if name not in there
        )
        accounts = dict(Account.objects.filter(username__in=names).values_list("username", "pk"))
        at = {name: villages[n % len(villages)] for n, name in enumerate(names)}
        Post.objects.bulk_create(
            Post(
                account_id=accounts[name], role="collector", region=at[name],
                organisation_id=centres[at[name].pk],
            )
            for name in names if name not in there
        )  # fmt: skip
        posts = dict(
            Post.objects.filter(account__username__in=names).values_list("account_id", "pk")
        )
        Device.objects.bulk_create(
            Device(
                account_id=accounts[name], client="traccar", name="bench", created_at=now,
                digest=hashlib.sha256(secret(n).encode()).digest(),
            )
            for n, name in enumerate(names) if name not in there
        )  # fmt: skip
        Interval.objects.filter(account__in=posts).delete()
        start = now - timedelta(hours=1)
        Interval.objects.bulk_create(
            Interval(
                account_id=account, post_id=post, started_at=start, on_recorded_at=start,
                ends_by=start + timedelta(hours=12), limited_by="longest",
            )
            for account, post in posts.items()
        )  # fmt: skip
    return 0


def measure(tokens: dict[str, str], workers: int, seconds: int) -> dict[str, Any]:
    """Normal use alone, then beside all workers; then batches."""
    load = Load("127.0.0.1", PORT)
    load.wait_ready(180)
    listing(load, tokens, seconds=3)
    alone = normal(load, tokens, seconds / 2)
    print(f"normal alone   {alone}", flush=True)
    console = Console(tokens["dispatch"])
    console.start()
    Sender(workers, EVERY).figures()  # every device has been asked for once
    sender = Sender(workers, seconds)
    beside = normal(load, tokens, seconds)
    figures = sender.figures()
    console.stop()
    print(f"normal beside  {beside}", flush=True)
    print(f"ingest         {figures}", flush=True)
    print(f"console        {console.figures()}", flush=True)
    stored = on_duty_with_fix(load, tokens["dispatch"])
    wanted = workers / EVERY
    result = {
        "workers": workers,
        "wanted_per_s": wanted,
        "sustained": figures["per_s"] >= 0.98 * wanted and figures["late_s"] < EVERY,
        "lost": figures["refused"] + max(0, workers - stored),
        "normal_alone": alone,
        "normal_beside": beside,
        "normal_kept": {name: round(beside[name]["rps"] / alone[name]["rps"], 2) for name in alone},
        "ingest": figures,
        "console": console.figures(),
        "load_average": os.getloadavg(),
    }
    result["batch"] = batches(load, tokens)
    print(f"normal kept    {result['normal_kept']}", flush=True)
    print(f"batch          {result['batch']}", flush=True)
    print(f"sustained      {result['sustained']} lost={result['lost']}", flush=True)
    return result


def normal(load: Load, tokens: dict[str, str], seconds: float) -> dict[str, Any]:
    """What people at the desk do: the list of cases, and single cases."""
    ids = [row["id"] for row in load.get("/api/v1/cases?limit=50", tokens["desk"])["items"]]
    return {
        "list": listing(load, tokens, seconds=seconds / 2),
        "detail": load.run(
            lambda connection, n: (
                "GET", f"/api/v1/cases/{ids[(n + 7 * connection) % len(ids)]}", b"", tokens["desk"]
            ),
            connections=4, seconds=seconds / 2,
        ),
    }  # fmt: skip


class Sender:
    """All workers, each one fix in five seconds, from a process of its own."""

    def __init__(self, workers: int, seconds: float) -> None:
        command = [sys.executable, "-m", "bench.positions", "send", str(workers), str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def figures(self) -> dict[str, Any]:
        """When it has ended by itself."""
        out, _ = self._process.communicate(timeout=600)
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found


def send(workers: int, seconds: float) -> int:
    """Send as `workers` phones do, spread evenly over as many connections as it takes."""
    found = asyncio.run(_send(workers, seconds))
    times = sorted(found.times)
    figures = {
        "per_s": round(len(times) / found.took, 1),
        "n": len(times),
        "p50_ms": round(times[len(times) // 2] * 1000, 1),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "max_ms": round(times[-1] * 1000, 1),
        "late_s": round(found.late, 2),
        "refused": found.refused,
    }
    print(json.dumps(figures), flush=True)
    return 0


@dataclass
class Sent:
    """What came of it. `late`: how far behind its time the latest fix was sent."""

    times: list[float]
    late: float = 0.0
    refused: int = 0
    took: float = 0.0


async def _send(workers: int, seconds: float) -> Sent:
    found = Sent([])
    began = time.monotonic()

    async def phones(part: int) -> None:
        dice = random.Random(part)
        mine = range(part, workers, CONNECTIONS)
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        due = began + EVERY * part / workers
        while True:
            for n in mine:
                if due > began + seconds:
                    writer.close()
                    return
                wait = due - time.monotonic()
                await asyncio.sleep(max(0.0, wait))
                found.late = max(found.late, -wait)
                due += EVERY / len(mine)
                query = (
                    f"id={secret(n)}&timestamp={time.time():.3f}"
                    f"&lat={30.1 + dice.uniform(-0.1, 0.1):.6f}"
                    f"&lon={103.1 + dice.uniform(-0.1, 0.1):.6f}&accuracy=8&speed=2&batt=80"
                )
                at = time.perf_counter()
                writer.write(f"POST {INGEST}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                found.times.append(time.perf_counter() - at)
                found.refused += head[9:12] != b"200"

    await asyncio.gather(*(phones(part) for part in range(CONNECTIONS)))
    found.took = time.monotonic() - began
    return found


class Console(threading.Thread):
    """A dispatcher's console: frames, and how old the positions in them are."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token
        self._sock = Load("127.0.0.1", PORT)._connect()
        self.frames = 0
        self.ages: list[float] = []

    def run(self) -> None:
        self._sock.sendall(
            f"GET /api/v1/positions/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n".encode()
        )
        try:
            for line in self._sock.makefile("rb"):
                if line.startswith(b"data: "):
                    frame = json.loads(line[6:])
                    now = datetime.now(UTC)
                    if not frame["full"]:
                        self.frames += 1
                        self.ages += [
                            (now - datetime.fromisoformat(each["at"])).total_seconds()
                            for each in frame["moved"]
                        ]
        except OSError:
            return  # hung up

    def stop(self) -> None:
        self._sock.shutdown(2)
        self.join(10)

    def figures(self) -> dict[str, Any]:
        ages = sorted(self.ages) or [0.0]
        return {
            "frames": self.frames,
            "positions": len(self.ages),
            "age_p50_s": round(ages[len(ages) // 2], 2),
            "age_p95_s": round(ages[int(len(ages) * 0.95)], 2),
        }


def on_duty_with_fix(load: Load, token: str) -> int:
    """How many of the workers the console's list shows with a position."""
    items = load.get("/api/v1/positions/on-duty", token)["items"]
    return sum(1 for row in items if row["name"].startswith("测试") and row["last"])


def batches(load: Load, tokens: dict[str, str]) -> dict[str, Any]:
    """Our own app's batches of 200 fixes, as fast as they go, of one account on duty."""
    sock = load._connect()
    exchange(sock, "POST", "/api/v1/duty/off", b"{}", tokens["grid"], "127.0.0.1")
    exchange(sock, "POST", "/api/v1/duty/on", b"{}", tokens["grid"], "127.0.0.1")
    size, found = 200, []
    sent = kept = 0
    end = time.monotonic() + 8
    moment = time.time()
    while time.monotonic() < end:
        # Milliseconds apart, all inside the duty that has just begun.
        step = (time.time() - moment) / (size + 1)
        fixes = [
            {"id": str(n), "at": moment + step * (n + 1), "lon": 103.1, "lat": 30.1}
            for n in range(size)
        ]
        moment += step * size
        body = json.dumps({"fixes": fixes}).encode()
        began = time.perf_counter()
        status, answer = exchange(
            sock, "POST", "/api/v1/positions", body, tokens["grid"], "127.0.0.1"
        )
        found.append(time.perf_counter() - began)
        if status != 200:
            raise SystemExit(f"POST /positions: {status} {answer[:300]!r}")
        sent += size
        kept += json.loads(answer)["kept"]
    exchange(sock, "POST", "/api/v1/duty/off", b"{}", tokens["grid"], "127.0.0.1")
    found.sort()
    return {
        "size": size,
        "fixes_per_s": round(sent / sum(found)),
        "p50_ms": round(found[len(found) // 2] * 1000, 1),
        "kept": round(kept / sent, 3),
    }


def store_alone(size: int) -> int:
    """The storing statement in this process: ms for a batch of `size` different people."""
    from mengding.cli.main import _django

    with _django():
        from django.db import connection, transaction

        from mengding.core import clock
        from mengding.duty.models import Interval
        from mengding.positions.protocol import Placed, Verdict
        from mengding.positions.store import Given, store

        accounts = list(Interval.objects.filter(ended_at=None).values_list("account_id", flat=True))

        def run() -> float:
            times = []
            for n in range(25):
                now = clock.now()
                given = [
                    Given(pk, None, Placed(now, 103.1, 30.1, 8.0, mock=False))
                    for pk in accounts[n % 5 :][:size]
                ]
                began = time.perf_counter()
                assert set(store(given)) == {Verdict.KEPT}
                times.append(time.perf_counter() - began)
            return sorted(times)[len(times) // 2] * 1000

        walled = run()
        bare = []
        with transaction.atomic(), connection.cursor() as cursor:
            for table, trigger in (("fix", "fix"), ("latest", "latest")):
                cursor.execute(
                    f"ALTER TABLE positions_{table} DISABLE TRIGGER {trigger}_only_on_duty"
                )
            bare.append(run())
            transaction.set_rollback(True)
        figures = {
            "size": size,
            "ms": round(walled, 1),
            "fixes_per_s": round(size / walled * 1000),
            "ms_without_triggers": round(bare[0], 1),
        }
        print(json.dumps(figures), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
