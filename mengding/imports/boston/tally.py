"""Counting the archive without the product, to hold the product's counts against.

Reads the CSV with the standard library only and shares nothing with the importer, on purpose: a
mistake in the one must not hide in the other. On time is what the archive itself says in its
column `ontime`; where that is empty for a closed line (157 of them), its two times decide.
"""

import csv
import io
import zipfile
from collections import Counter
from datetime import datetime


def tally(path: str, limit: int | None = None) -> dict[str, Counter[tuple[str, str]]]:
    """{"received" | "closed" | "ontime": {("department" | "type", name): count}}.

    Every line counts once under its department and once under its type.
    """
    counts: dict[str, Counter[tuple[str, str]]] = {
        "received": Counter(),
        "closed": Counter(),
        "ontime": Counter(),
    }
    if path.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            (name,) = [n for n in archive.namelist() if n.lower().endswith(".csv")]
            text = archive.read(name).decode("utf-8-sig", "replace")
    else:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as stream:
            text = stream.read()
    for number, line in enumerate(csv.DictReader(io.StringIO(text, newline=""))):
        if limit is not None and number >= limit:
            break
        keys = [
            ("department", " ".join(line["department"].split())),
            ("type", " ".join(line["type"].split())),
        ]
        counts["received"].update(keys)
        if line["case_status"].strip() != "Closed":
            continue
        counts["closed"].update(keys)
        if line["ontime"].strip():
            on_time = line["ontime"].strip() == "ONTIME"
        else:
            closed, target = (
                datetime.strptime(line[name].strip(), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 (both
                for name in ("closed_dt", "target_dt")  # are wall-clock times of one city)
            )
            on_time = closed <= target
        if on_time:
            counts["ontime"].update(keys)
    return counts
