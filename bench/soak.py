"""`python -m bench.soak [minutes] [cases a minute]`: the wall screen, alone while work goes on.

Opens /screen in Chromium on a real server, makes and files cases at a steady rate, and samples
every minute what the page holds: JavaScript heap after a forced collection, DOM nodes, event
listeners, and the memory of the browser's renderer. Prints the slope of each over the second
half, when everything is warm, and a verdict. Needs the pages built (`npm run build` in web/) and
Chromium.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench.load import Load, exchange

BUILD = Path("build/bench")
PORT = 8992
MENGDING = [sys.executable, "-m", "mengding"]
GROWTH = 1.0  # MiB of heap an hour that pass for flat
COLUMNS = ("minute", "heap_mib", "nodes", "listeners", "renderer_mib", "received")


def main(arguments: list[str]) -> int:
    """Run once, write `build/bench/soak.json`; 1 when the page grew or stood still."""
    minutes, rate = (int(a) for a in [*arguments, *["60", "20"][len(arguments) :]])
    state = BUILD / "state-soak"
    environment = {**os.environ, "MENGDING_DATA": str(state.resolve())}
    environment.pop("DATABASE_URL", None)
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run([*MENGDING, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    listed = subprocess.run(
        [*MENGDING, "demo", "--load", "--json"],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    people = {row["username"]: row for row in json.loads(listed)}
    command = [*MENGDING, "run", "--port", str(PORT)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        stop = threading.Event()
        writer = threading.Thread(target=write, args=(people["desk"]["token"], rate, stop))
        try:
            Load("127.0.0.1", PORT).wait_ready(120)
            writer.start()
            samples = watch(people["supervise"], minutes)
        finally:
            stop.set()
            server.terminate()
    result = judge(samples) | {"minutes": minutes, "cases_a_minute": rate, "samples": samples}
    (BUILD / "soak.json").write_text(json.dumps(result, indent=1))
    print(json.dumps({k: v for k, v in result.items() if k != "samples"}), flush=True)
    return 0 if result["flat"] else 1


def write(token: str, rate: int, stop: threading.Event) -> None:
    """A case every 60/`rate` seconds, filed at once: two changes for every reader."""
    load = Load("127.0.0.1", PORT)
    number = 0
    while not stop.wait(60 / rate):
        number += 1
        said: dict[str, Any] = {
            "description": f"路灯不亮。{number}",
            "class_code": "C0137",
            "channel": "phone",
            "lon": 103.1 + number % 13 * 0.004,
            "lat": 30.08 + number % 7 * 0.005,
        }
        case = post(load, "/api/v1/reports", said, token)["case_id"]
        post(load, f"/api/v1/cases/{case}/file", {"condition_code": "C0137-1"}, token)


def post(load: Load, path: str, said: dict[str, Any], token: str) -> Any:
    """One POST, decoded; anything but 2xx ends the writing with its body."""
    with load._connect() as sock:
        status, body = exchange(sock, "POST", path, json.dumps(said).encode(), token, load.host)
    if not 200 <= status < 300:
        raise SystemExit(f"POST {path}: {status} {body[:300]!r}")
    return json.loads(body)


def watch(person: dict[str, str], minutes: int) -> list[dict[str, float]]:
    """One sample a minute."""
    from playwright.sync_api import sync_playwright

    base = f"http://127.0.0.1:{PORT}"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(f"{base}/desk/")
        page.fill("#username", person["username"])
        page.fill("#password", person["password"])
        page.click("button[type=submit]")
        page.wait_for_url(f"{base}/desk/")
        page.goto(f"{base}/screen")
        page.wait_for_selector("[data-test=received]")
        debugger = page.context.new_cdp_session(page)
        debugger.send("HeapProfiler.enable")
        debugger.send("Performance.enable")
        samples = []
        print("  ".join(COLUMNS), flush=True)
        started = time.monotonic()
        for minute in range(minutes + 1):
            page.wait_for_timeout(max(0.0, started + minute * 60 - time.monotonic()) * 1000)
            found = sample(page, debugger) | {"minute": minute}
            samples.append(found)
            print("  ".join(f"{found[name]:g}" for name in COLUMNS), flush=True)
        browser.close()
    return samples


def sample(page: Any, debugger: Any) -> dict[str, float]:
    """What the page holds now; MiB and counts."""
    for _ in range(2):  # what the first collection lets go of, the second can take
        debugger.send("HeapProfiler.collectGarbage")
    metrics = {m["name"]: m["value"] for m in debugger.send("Performance.getMetrics")["metrics"]}
    return {
        "heap_mib": round(metrics["JSHeapUsedSize"] / 2**20, 3),
        "nodes": metrics["Nodes"],
        "listeners": metrics["JSEventListeners"],
        "renderer_mib": round(renderer_memory(), 1),
        "received": float(page.inner_text("[data-test=received]")),
        "stale": float(page.query_selector("[data-test=stale]") is not None),
    }


def renderer_memory() -> float:
    """Resident MiB of the largest renderer that this process started."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
        children.setdefault(parent, []).append(int(status.parent.name))
    mine, found = [os.getpid()], 0.0
    while mine:
        pid = mine.pop()
        mine += children.get(pid, [])
        try:
            if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                found = max(found, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
        except OSError:
            continue
    return found


def judge(samples: list[dict[str, float]]) -> dict[str, Any]:
    """Growth an hour over the second half, and whether that is flat."""
    warm = samples[len(samples) // 2 :]
    hours = [each["minute"] / 60 for each in warm]
    slopes = {
        name: round(statistics.linear_regression(hours, [each[name] for each in warm]).slope, 3)
        for name in ("heap_mib", "nodes", "listeners", "renderer_mib")
    }
    moved = samples[-1]["received"] > samples[0]["received"]
    stale = sum(each["stale"] for each in samples)
    flat = slopes["heap_mib"] < GROWTH and slopes["nodes"] < 200 and moved and not stale
    return {"growth_an_hour": slopes, "figures_moved": moved, "stale": stale, "flat": flat}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
