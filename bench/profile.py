"""Where the time goes inside one process: `python -m bench.profile`, on a filled database.

The requests of `bench.phases` through Django's own handler, without a network, under cProfile.
"""

import cProfile
import json
import pstats
import sys
from collections.abc import Callable
from pathlib import Path

from mengding.cli.main import _django

ROUNDS = 200


def main() -> int:
    """Profile create, list, detail and the transitions; prints the most expensive functions."""
    with _django():
        from django.core.management import call_command
        from django.test import Client

        from mengding.demo.secrets import token

        call_command("migrate", verbosity=0, interactive=False)
        client = Client(headers={"Authorization": f"Bearer {token('desk')}"})
        case_ids: list[int] = []

        def create() -> None:
            body = {
                "description": "路灯不亮，请尽快处理。",
                "class_code": "C0137",
                "lon": 103.11,
                "lat": 30.09,
            }
            answer = client.post("/api/v1/reports", json.dumps(body), "application/json")
            assert answer.status_code == 201, answer.content
            case_ids.append(answer.json()["case_id"])

        def listing() -> None:
            assert client.get("/api/v1/cases?limit=50").status_code == 200

        def detail() -> None:
            assert client.get(f"/api/v1/cases/{case_ids[0]}").status_code == 200

        def file() -> None:
            path = f"/api/v1/cases/{case_ids.pop()}/file"
            answer = client.post(path, '{"condition_code": "C0137-1"}', "application/json")
            assert answer.status_code == 200, answer.content

        for what in (create, listing, detail, file):
            _profile(what)
    return 0


def _profile(what: Callable[[], None]) -> None:
    for _ in range(3):
        what()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(ROUNDS - 10):
        what()
    profile.disable()
    print(f"\n== {what.__name__}: {ROUNDS - 10} rounds", flush=True)
    stats = pstats.Stats(profile, stream=sys.stdout)
    per_call = stats.total_tt / (ROUNDS - 10) * 1000  # type: ignore[attr-defined]
    print(f"{per_call:.2f} ms a request under the profiler; own time by function:")
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:12]  # type: ignore[attr-defined]
    for (file, line, name), (_, calls, own, _, _) in rows:
        place = f"{Path(file).parent.name}/{Path(file).name}:{line}" if line else file
        print(f"{own / (ROUNDS - 10) * 1000:7.3f} ms {calls // (ROUNDS - 10):4}×  {name}  {place}")


if __name__ == "__main__":
    sys.exit(main())
