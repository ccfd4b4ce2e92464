"""The further questions of a service, and checking the answers.

Derived from the catalogue: which filing condition it looks like, when it was noticed and, for
components (street furniture), the characters marked on it. None is required: the desk decides the
condition, a resident only helps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mengding.catalogue.queries import CaseClassInfo
from mengding.core.text import T
from mengding.open311.arguments import bad, missing, moment, number
from mengding.open311.shapes import Attribute, Value, w3c

MOST_TEXT = 500
_LIST = T("从列表中选一项。", "Choose one of the list.")
_TIME = T(
    "W3C 时间并带时区，如 2026-11-24T08:00:00+08:00。",
    "W3C date and time with offset, such as 2026-11-24T08:00:00+08:00.",
)
_MARKING = T("设施或井盖上标注的字符。", "The characters marked on it or on its cover.")


def of_class(found: CaseClassInfo) -> list[Attribute]:
    """The questions of a class, in the reader's language."""
    asked: list[tuple[str, str, T, T, list[Value]]] = []
    if found.conditions:
        values = [Value(c.code, c.filing.said()) for c in found.conditions]
        text = T("最接近哪种情况？", "What does it look like most?")
        asked.append(("condition", "singlevaluelist", text, _LIST, values))
    asked.append(("noticed_at", "datetime", T("何时发现？", "When was it noticed?"), _TIME, []))
    if found.kind == "component":
        text = T("设施编号是多少（如有）？", "Which number does it carry, if any?")
        asked.append(("marking", "string", text, _MARKING, []))
    return [
        Attribute(
            variable=True,
            code=code,
            datatype=datatype,
            required=False,
            datatype_description=hint.said(),
            order=order,
            description=description.said(),
            values=values,
        )
        for order, (code, datatype, description, hint, values) in enumerate(asked, 1)
    ]


def checked(asked: Sequence[Attribute], given: Mapping[str, list[str]]) -> dict[str, Any]:
    """The answers as they are kept: text, number, W3C time, or a list of keys.

    Raises `Invalid` naming `attribute[code]`.
    """
    known = {attribute.code: attribute for attribute in asked}
    for code in given:
        if code not in known:
            raise bad(
                f"attribute[{code}]",
                T("此服务没有这个附加项。", "The service has no such attribute."),
            )
    answers: dict[str, Any] = {}
    for code, attribute in known.items():
        values = given.get(code)
        if values and attribute.variable:
            answers[code] = _answer(attribute, values)
        elif attribute.required and attribute.variable:
            raise missing(f"attribute[{code}]")
    return answers


def _answer(attribute: Attribute, values: list[str]) -> Any:
    name = f"attribute[{attribute.code}]"
    several = attribute.datatype == "multivaluelist"
    if len(values) > 1 and not several:
        raise bad(name, T("只能填一项。", "Takes one value only."))
    if attribute.datatype in ("singlevaluelist", "multivaluelist"):
        keys = {value.key for value in attribute.values}
        for value in values:
            if value not in keys:
                raise bad(
                    name,
                    T("“{v}”不在选项中。", "“{v}” is not one of the values.").fill(v=value[:60]),
                )
        return list(dict.fromkeys(values)) if several else values[0]
    match attribute.datatype:
        case "number":
            return number(name, values[0], -1e9, 1e9)
        case "datetime":
            return w3c(moment(name, values[0]))
        case _:
            if len(values[0]) > MOST_TEXT:
                text = T("不能超过 {n} 个字符。", "At most {n} characters.")
                raise bad(name, text.fill(n=MOST_TEXT))
            return values[0]
