"""A made-up archive in Boston's shape, for whoever has not the real one. Nothing of it is real."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

from mengding.imports.boston.request import CHANNELS, COLUMNS

ROWS = 300
_TYPES = (
    ("Lamp Out", "Made-up Lights", "MUPW"),
    ("Hole in the Road", "Made-up Roads", "MUPW"),
    ("Sign Missing", "Made-up Signs", "MUTD"),
    ("Bins not Emptied", "Made-up Sanitation", "MUSD"),
)


def write(path: Path, rows: int = ROWS) -> Path:
    """The same lines every time."""
    dice = random.Random(311)
    start = datetime.fromisoformat("2011-01-28 06:00:00")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for number in range(rows):
            opened = start + timedelta(minutes=dice.randrange(90 * 24 * 60), seconds=number % 60)
            kind, reason, department = dice.choice(_TYPES)
            target = opened + timedelta(seconds=dice.randrange(3600, 20 * 86400))
            closed = opened + timedelta(seconds=dice.randrange(60, 30 * 86400))
            done, timeless = dice.random() < 0.85, dice.random() < 0.05
            writer.writerow(
                dict.fromkeys(COLUMNS, "")
                | {
                    "case_enquiry_id": str(900_000_000 + number),
                    "open_dt": str(opened),
                    "target_dt": "" if timeless else str(target),
                    "closed_dt": str(closed) if done else "",
                    "ontime": "ONTIME" if timeless or closed <= target else "OVERDUE",
                    "case_status": "Closed" if done else "Open",
                    "case_title": f"{kind} {number}",
                    "reason": reason,
                    "type": kind,
                    "department": department,
                    "ward": f"Ward {dice.randrange(1, 5)}" if dice.random() < 0.95 else "",
                    "latitude": "42.3",
                    "longitude": "-71.1",
                    "source": dice.choice([*CHANNELS, "Unknown"]),
                }
            )
    return path
