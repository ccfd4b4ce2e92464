"""The evidence of a figure line by line, and which figure counts."""

from datetime import date, datetime
from typing import Any

from mengding.core.text import language
from mengding.scores.models import Figure
from mengding.scores.rules import WHY_NAMES, Part, Why
from mengding.tasks.queries import editions


def newest(first: date, account_id: int | None = None) -> list[Figure]:
    """The figure that counts of each worker in a frozen month: the last correction."""
    rows = Figure.objects.filter(month=first)
    if account_id is not None:
        rows = rows.filter(account=account_id)
    return list(rows.order_by("account_id", "-number").distinct("account_id"))


def against(said: dict[str, Any]) -> set[int]:
    """Tasks that count against the worker in a document: missed or late, and not excluded."""
    return {
        task
        for each in said["parts"]
        if each["part"] != Part.QUALITY.value
        for task in each["lacking"]
    }


def tenths(found: int | None) -> float | None:
    """925 → 92.5."""
    return None if found is None else found / 10


def shown(said: dict[str, Any]) -> list[dict[str, Any]]:
    """The evidence line by line: what it was, when, and whether it counts and why not."""
    names = kind_names()
    lacking = against(said)
    found = []
    for each in said["pieces"]:
        done, due = each["done_at"], each["due_at"]
        state = "missed" if done is None else "in_time" if not _after(done, due) else "late"
        excused = bool(each["why"]) and state != "in_time"
        found.append(
            {
                **{k: each[k] for k in ("task", "kind", "day", "due_at", "done_at")},
                **{k: each[k] for k in ("received_at", "event")},
                "kind_name": names.get(each["kind"], each["kind"]),
                "state": "excluded" if excused else state,
                "against": each["task"] in lacking,
                "why": [WHY_NAMES[Why(why)].said() for why in each["why"]] if excused else [],
            }
        )
    return sorted(found, key=lambda row: (row["day"], row["task"]))


def _after(done: str, due: str) -> bool:
    return datetime.fromisoformat(done) > datetime.fromisoformat(due)


def kind_names() -> dict[str, str]:
    """Codes of kinds of tasks and what they are called, as the catalogue has them."""
    said = editions.document()
    return {each["code"]: each[language.get()] for each in said["kinds"]}
