"""Which verbs can be done to many cases at once, and what each is given.

What needs a look at the one case (filing, closing, replying to a person) is not among them.
"""

from typing import Any

from pydantic import ValidationError

from mengding.cases.api.checking import StartCheckIn
from mengding.cases.api.filing import DelegateIn, EscalateIn, RequestCheckIn, SuperviseIn
from mengding.cases.api.handling import DispatchIn, ReassignIn
from mengding.cases.api.move import Move
from mengding.cases.api.relations import MergeIn, NoteIn
from mengding.core.errors import Invalid
from mengding.core.text import T

VERBS: dict[str, type[Move]] = {
    "dispatch": DispatchIn,
    "reassign": ReassignIn,
    "accept": Move,
    "request_check": RequestCheckIn,
    "start_check": StartCheckIn,
    "supervise": SuperviseIn,
    "escalate": EscalateIn,
    "delegate": DelegateIn,
    "merge": MergeIn,
    "note": NoteIn,
}


def checked(verb: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the action takes, from what was given; raises `Invalid` naming the field."""
    if verb not in VERBS:
        raise Invalid(
            "verb_not_in_bulk",
            T("此操作不能批量执行。", "This cannot be done to many cases at once."),
            field="verb",
        )
    kind = VERBS[verb]
    if unknown := set(given) - set(kind.model_fields) | {"version"} & set(given):
        raise Invalid(
            "field_unknown",
            T("没有这一项。", "There is no such field."),
            field=f"fields.{sorted(unknown)[0][:40]}",
        )
    try:
        parsed = kind.model_validate(given)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"][:2])
        raise Invalid(
            "field_bad", T("请填写或改正。", "Missing or not valid."), field=f"fields.{where}"
        ) from error
    found = parsed.model_dump(exclude={"version"})
    for name, value in found.items():
        needed = kind.model_fields[name].is_required()
        if needed and isinstance(value, str) and not value.strip():
            raise Invalid(
                "field_empty", T("请填写。", "Please fill this in."), field=f"fields.{name}"
            )
    return found
