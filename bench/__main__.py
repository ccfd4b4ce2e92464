"""`make bench`: the real server on the embedded database, with 100,000 and 1,000,000 cases.

Prints what was reached and writes `build/bench/core.json`. Sizes on the command line change the
run: `make bench ARGS="20000"`. The state folder of each size is kept and filled only once.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.load import Load
from bench.memory import shared_out
from bench.phases import create, detail, filtered_list, listing, search, transition

BUILD = Path("build/bench")
PORT = 8990
MENGDING = str(Path(sys.executable).parent / "mengding")


def main(arguments: list[str]) -> int:
    """Run every size; the largest one's figures stand at the top level of the JSON."""
    sizes = [int(a) for a in arguments] or [100_000, 1_000_000]
    BUILD.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    for size in sizes:
        results[str(size)] = run(size)
        top = results[str(max(int(s) for s in results))]
        (BUILD / "core.json").write_text(json.dumps({**top, "sizes": results}, indent=1))
    return 0


def run(size: int) -> dict[str, Any]:
    """Fill one database to `size` cases, start the server on it, measure."""
    state = BUILD / f"state-{size}"
    environment = {**os.environ, "MENGDING_DATA": str(state.resolve())}
    print(f"\n== {size:,} cases", flush=True)
    subprocess.run([sys.executable, "-m", "bench.seed", str(size)], env=environment, check=True)
    tokens = json.loads(
        subprocess.run(
            [MENGDING, "demo", "--json"],
            env=environment, check=True, capture_output=True, text=True,
        ).stdout
    )  # fmt: skip
    by = {row["username"]: row["token"] for row in tokens}
    command = [MENGDING, "run", "--port", str(PORT)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            results = measure(by, server.pid, size)
        finally:
            server.terminate()
    # What is slowest, and where: the same requests in one process under a profiler.
    subprocess.run([sys.executable, "-m", "bench.profile"], env=environment, check=True)
    return results


def measure(tokens: dict[str, str], pid: int, size: int) -> dict[str, Any]:
    """Every phase once, after a short warm-up; figures as printed."""
    load = Load("127.0.0.1", PORT)
    load.wait_ready(120)
    results: dict[str, Any] = {"cases": size}
    for phase in (listing, create):
        phase(load, tokens, seconds=2)
    for name, phase in (
        ("create", create),
        ("list", listing),
        ("filtered_list", filtered_list),
        ("search", search),
        ("detail", detail),
        ("transition", transition),
    ):
        time.sleep(1)
        results[name] = phase(load, tokens, seconds=10)
        print(f"{name:14} {results[name]}", flush=True)
    results["memory_mib"], results["processes"] = shared_out(pid)
    print(f"{'memory_mib':14} {results['memory_mib']}  {results['processes']}", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
