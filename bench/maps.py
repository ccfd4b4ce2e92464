"""The map of a million cases: `python -m bench.maps`, on a filled database.

Requests through Django's own handler, without a network: the whole district, a town, a street, as
a dispatcher and as a town see it; open cases, a filter, and the whole history.
"""

import sys
import time
from statistics import quantiles

from mengding.cli.main import _django

ROUNDS = 40
# A screen of about 1000×800 points around the middle of the demo district.
VIEWS = {
    "district": ("102.9,29.9,103.4,30.3", 10.3),
    "town": ("103.05,30.03,103.2,30.15", 12),
    "street": ("103.10,30.08,103.13,30.10", 15),
}
WANTED = {
    "open": "&open=true",
    "open, one class": "&open=true&class_code=C01",
    "overdue": "&open=true&colour=red",
    "one stage": "&open=true&stage=handling",
    "whole history": "",
}


def main() -> int:
    """Print the least, p50 and p95 in milliseconds of every view and filter."""
    with _django():
        from django.core.management import call_command
        from django.test import Client

        from mengding.demo.secrets import token

        call_command("migrate", verbosity=0, interactive=False)

        for username in ("dispatch", "town"):
            client = Client(headers={"Authorization": f"Bearer {token(username)}"})
            for wanted, query in WANTED.items():
                for view, (bbox, zoom) in VIEWS.items():
                    rounds = ROUNDS if query else 5
                    times = []
                    for number in range(rounds + 2):
                        started = time.perf_counter()
                        answer = client.get(f"/api/v1/cases/map?bbox={bbox}&zoom={zoom}{query}")
                        assert answer.status_code == 200, answer.content
                        if number >= 2:
                            times.append((time.perf_counter() - started) * 1000)
                    cuts = quantiles(times, n=20, method="inclusive")
                    print(
                        f"{username:9} {wanted:16} {view:9} {answer.json()['total']:>9,} cases "
                        f"least {min(times):6.1f}  p50 {cuts[9]:6.1f}  p95 {cuts[18]:6.1f} ms",
                        flush=True,
                    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
