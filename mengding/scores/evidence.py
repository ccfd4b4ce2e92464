"""A figure as a document: the whole evidence, the rules and every step; and back. Pure.

Whoever holds the document can work the number out again; the digest proves that it is the one.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from mengding.scores.rules import Handed, Outcome, Piece, Rules, Why, Work, document, parse


def write(rules: Rules, work: Work, outcome: Outcome) -> dict[str, Any]:
    """The document of a figure: JSON of codes, ids, ISO times and the steps in two languages."""
    return {
        "rules": {"version": rules.version, **document(rules)},
        "area": list(work.area),
        "pieces": [
            {
                "task": piece.task,
                "kind": piece.kind,
                "day": piece.day.isoformat(),
                "due_at": piece.due_at.isoformat(),
                "done_at": _iso(piece.done_at),
                "received_at": _iso(piece.received_at),
                "event": piece.event,
                "why": list(piece.why),
            }
            for piece in sorted(work.pieces, key=lambda each: each.task)
        ],
        "handed": [
            {"case": each.case, "event": each.event, "returned": each.returned}
            for each in sorted(work.handed, key=lambda each: each.event)
        ],
        "parts": [
            {
                "part": each.part.value,
                "weight": each.weight,
                "value": None if each.value is None else str(each.value),
                "good": each.count_good,
                "of": each.count,
                "lacking": list(each.lacking),
            }
            for each in outcome.parts
        ],
        "factor": str(outcome.factor),
        "excluded": [{"task": task, "why": list(why)} for task, why in outcome.excluded],
        "steps": [{"zh": step.zh, "en": step.en} for step in outcome.steps],
        "tenths": outcome.tenths,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def read(said: Mapping[str, Any]) -> tuple[Rules, Work]:
    """The rules and the evidence of a document."""
    rules = parse(said["rules"]["version"], said["rules"])
    return rules, Work(
        tuple(
            Piece(
                task=each["task"],
                kind=each["kind"],
                day=date.fromisoformat(each["day"]),
                due_at=datetime.fromisoformat(each["due_at"]),
                done_at=_moment(each["done_at"]),
                received_at=_moment(each["received_at"]),
                event=each["event"],
                why=tuple(each["why"]),
            )
            for each in said["pieces"]
        ),
        tuple(Handed(each["case"], each["event"], each["returned"]) for each in said["handed"]),
        tuple(said["area"]),
    )


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def granted(work: Work, tasks: Collection[int]) -> Work:
    """The same work with these tasks excluded on appeal."""
    return replace(
        work,
        pieces=tuple(
            replace(piece, why=(*piece.why, Why.APPEAL.value))
            if piece.task in tasks and Why.APPEAL.value not in piece.why
            else piece
            for piece in work.pieces
        ),
    )


def on_appeal(said: Mapping[str, Any]) -> set[int]:
    """Tasks that an earlier appeal excluded."""
    return {each["task"] for each in said["pieces"] if Why.APPEAL.value in each["why"]}


def digest(said: Mapping[str, Any]) -> bytes:
    """SHA-256 over the canonical JSON of a document."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
