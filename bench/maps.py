"""The map of a million cases: `python -m bench.maps [user …]`, on a filled database.

Requests through Django's own handler, without a network: screens of 1400×900 points at every zoom
from the whole district to a street, with the filters of the board and the whole history, as a
dispatcher of the district and one of a town see it, and a department.
"""

import importlib
import math
import sys
from functools import partial

from bench.clock import Timer, yardstick
from mengding.cli.main import _django

ROUNDS = 20
AIM = 100.0  # ms at p95
REST = 0.1  # s before each question
ZOOMS = (8, 9, 10, 11, 12, 13, 14, 15, 16, 17)
MIDDLE = (103.15, 30.11)
WANTED = {
    "open": "&open=true",
    "open, one class": "&open=true&class_code=C0137",
    "open, a group": "&open=true&class_code=C01",
    "open, overdue": "&open=true&colour=red",
    "open, one stage": "&open=true&stage=handling",
    "open, one department": "&open=true&lead_org={org}",
    "open, one town": "&open=true&region=511803102",
    "whole history": "",
    "history, one class": "&class_code=C0137",
    "history, a group": "&class_code=C01",
    "history, one town": "&region=511803102",
    "history, ended": "&open=false",
}


def screen(zoom: float) -> str:
    """The `bbox` of a screen around the middle of the town."""
    lon, lat = MIDDLE
    wide = 1400 / 512 * 360 / 2**zoom
    high = 900 / 512 * 360 / 2**zoom * math.cos(math.radians(lat))
    sides = (lon - wide / 2, lat - high / 2, lon + wide / 2, lat + high / 2)
    return ",".join(f"{side:.6f}" for side in sides)


def main(users: list[str]) -> int:
    """Print the least, p50 and p95 in milliseconds of every zoom and filter."""
    with _django():
        from django.core.management import call_command
        from django.db import connection
        from django.test import Client

        from mengding.cases import tiles
        from mengding.demo.secrets import token
        from mengding.people.models import Organisation

        call_command("migrate", verbosity=0, interactive=False)
        importlib.import_module("mengding.wsgi")  # settles as a web process does
        while tiles.fold(100_000):
            pass
        org = Organisation.objects.get(code="dept-urban_management").pk
        timer = Timer(connection, REST)
        for username in users or ("dispatch", "town", "handler"):
            client = Client(headers={"Authorization": f"Bearer {token(username)}"})
            for wanted, query in WANTED.items():
                print(yardstick(), yardstick(REST), flush=True)
                for zoom in ZOOMS:
                    address = f"/api/v1/cases/map?bbox={screen(zoom)}&zoom={zoom}"
                    address += query.format(org=org)
                    answer = client.get(address)
                    assert answer.status_code == 200, answer.content
                    said = timer.say(partial(client.get, address), ROUNDS, AIM)
                    total = answer.json()["total"]
                    print(f"{username:8} {wanted:20} z{zoom:<2} {total:>9,} {said}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
