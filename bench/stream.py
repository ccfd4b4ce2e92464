"""`python -m bench.stream [readers] [events a second]`: the live stream under load.

Opens many streams on a real server, writes notes through the API at a steady rate, and prints how
long an event took from the moment its request was sent to each reader. Readers and writer share
the machine's cores with the server.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench.load import Load, exchange

BUILD = Path("build/bench")
PORT = 8991
MENGDING = str(Path(sys.executable).parent / "mengding")
CASES = 40  # different cases, so that few events of one case meet in one window
SECONDS = 20


def main(arguments: list[str]) -> int:
    """Run once and write `build/bench/stream.json`."""
    readers, rate = (int(a) for a in [*arguments, *["500", "20"][len(arguments) :]])
    state = BUILD / "state-stream"
    environment = {**os.environ, "MENGDING_DATA": str(state.resolve())}
    environment.pop("DATABASE_URL", None)
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run([MENGDING, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    listed = subprocess.run(
        [MENGDING, "demo", "--load", "--json"],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    token = {row["username"]: row["token"] for row in json.loads(listed)}["desk"]
    command = [MENGDING, "run", "--port", str(PORT)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            result = asyncio.run(measure(token, readers, rate))
        finally:
            server.terminate()
    (BUILD / "stream.json").write_text(json.dumps(result, indent=1))
    return 0


async def measure(token: str, readers: int, rate: int) -> dict[str, Any]:
    """Latencies in ms over every event at every reader."""
    load = Load("127.0.0.1", PORT)
    await asyncio.to_thread(load.wait_ready, 120)
    page = load.get(f"/api/v1/cases?limit={CASES}", token)
    cases = [item["id"] for item in page["items"]]
    sent: dict[tuple[int, int], float] = {}  # (case, version) → when its request left
    found: list[tuple[float, int, int]] = []  # (when, case, version)
    opened = asyncio.Semaphore(50)
    tasks = [asyncio.create_task(read(token, found, opened)) for _ in range(readers)]
    while sum(task.get_name() == "open" for task in tasks) < readers:
        failed = [task for task in tasks if task.done()]
        if failed:
            raise SystemExit(f"a stream did not open: {failed[0].exception()}")
        await asyncio.sleep(0.1)
    versions = {case: load.get(f"/api/v1/cases/{case}", token)["version"] for case in cases}
    writer = threading.Thread(target=write, args=(token, versions, sent, rate))
    started = time.monotonic()
    writer.start()
    while writer.is_alive():
        await asyncio.sleep(0.2)
    took = time.monotonic() - started
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()
    times = sorted(
        (at - sent[case, version]) * 1000 for at, case, version in found if (case, version) in sent
    )
    result = {
        "readers": readers,
        "events_per_s": round(len(sent) / took, 1),
        "expected": len(sent) * readers,
        "received": len(times),
        "p50_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[int(len(times) * 0.95)], 1),
        "max_ms": round(times[-1], 1),
    }
    print(result)
    return result


async def read(token: str, found: list[tuple[float, int, int]], opened: asyncio.Semaphore) -> None:
    """One stream; its task is named "open" once the server has said hello."""
    async with opened:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(
            f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}"
            "\r\n\r\n".encode()
        )
        while b"event: hello" not in await reader.readline():
            if reader.at_eof():
                raise ConnectionError("the stream ended before it began")
    task = asyncio.current_task()
    assert task is not None
    task.set_name("open")
    try:
        while line := await reader.readline():
            if line.startswith(b"data: {") and b'"version"' in line:
                data = json.loads(line[6:])
                found.append((time.monotonic(), data["id"], data["version"]))
    finally:
        writer.close()


def write(
    token: str, versions: dict[int, int], sent: dict[tuple[int, int], float], rate: int
) -> None:
    """Notes on the cases in turn, `rate` a second."""
    sock = Load("127.0.0.1", PORT)._connect()
    cases = list(versions)
    body = json.dumps({"text": "备注"}).encode()
    start = time.monotonic()
    for number in range(rate * SECONDS):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        case = cases[number % len(cases)]
        versions[case] += 1
        sent[case, versions[case]] = time.monotonic()
        path = f"/api/v1/cases/{case}/note"
        status, answer = exchange(sock, "POST", path, body, token, "127.0.0.1")
        if status != 200:
            raise SystemExit(f"POST {path}: {status} {answer[:300]!r}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
