"""What a district may put into its briefings, and in which order. Pure.

A template is JSON: {"title": "…", "sections": [{"block": …}, …]}. Texts may hold {district},
{period}, {since}, {until}; every number comes from the indicators and none from a text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mengding.core.errors import Invalid
from mengding.core.text import T

VARIABLES = frozenset({"district", "period", "since", "until"})
BYS = frozenset({"org", "region", "class", "channel"})
BLOCKS: dict[str, frozenset[str]] = {
    "heading": frozenset({"text"}),
    "text": frozenset({"text"}),
    "figures": frozenset({"codes"}),
    "findings": frozenset(),
    "table": frozenset({"by", "codes"}),
    "bars": frozenset({"by", "code"}),
    "trend": frozenset({"codes"}),
    "cases": frozenset({"code"}),
}
OPTIONAL: dict[str, frozenset[str]] = dict.fromkeys(
    ("table", "bars", "trend", "cases"), frozenset({"title"})
)
MOST_SECTIONS, MOST_CODES, LONGEST = 40, 8, 2000
_NAME = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Checked:
    """A template that can be filled."""

    title: str
    sections: tuple[Mapping[str, Any], ...]


def check(spec: Any, known: Mapping[str, bool]) -> Checked:
    """The template, or `Invalid` with the field as sections.3.codes.

    `known`: codes of the indicators there are, and whether each is a rate.
    """
    if not isinstance(spec, Mapping):
        raise _wrong("", T("模板应是一个对象。", "A template is an object."))
    title = _words(spec.get("title"), "title")
    sections = spec.get("sections")
    if not isinstance(sections, Sequence) or isinstance(sections, str) or not sections:
        raise _wrong("sections", T("至少要有一段。", "There has to be a section."))
    if len(sections) > MOST_SECTIONS:
        raise _wrong("sections", T("段落太多。", "Too many sections."))
    for number, section in enumerate(sections):
        _section(section, f"sections.{number}", known)
    return Checked(title, tuple(sections))


def _section(section: Any, at: str, known: Mapping[str, bool]) -> None:
    block = section.get("block") if isinstance(section, Mapping) else None
    if not isinstance(block, str) or block not in BLOCKS:
        raise _wrong(
            f"{at}.block",
            T("没有这种段落，可用：{blocks}。", "No such block; there are: {blocks}.").fill(
                blocks=", ".join(BLOCKS)
            ),
        )
    for name in sorted(BLOCKS[block]):
        if name not in section:
            raise _wrong(f"{at}.{name}", T("请填写。", "Fill this in."))
    for name in section:
        if name != "block" and name not in BLOCKS[block] | OPTIONAL.get(block, frozenset()):
            raise _wrong(f"{at}.{name}", T("没有这一项。", "There is no such entry."))
    if "by" in section and not (isinstance(section["by"], str) and section["by"] in BYS):
        raise _wrong(f"{at}.by", T("没有这样的分组。", "No such grouping."))
    if "code" in section:
        _code(section["code"], f"{at}.code", known)
    if "codes" in section:
        codes = section["codes"]
        if not isinstance(codes, Sequence) or isinstance(codes, str) or not codes:
            raise _wrong(f"{at}.codes", T("至少选一个指标。", "Choose an indicator."))
        if len(codes) > MOST_CODES:
            raise _wrong(
                f"{at}.codes",
                T("最多 {most} 个指标。", "{most} indicators at most.").fill(most=MOST_CODES),
            )
        for code in codes:
            _code(code, f"{at}.codes", known)
        if block == "trend" and any(known[code] for code in codes):
            raise _wrong(
                f"{at}.codes",
                T("走势图只画件数，不画比率。", "A trend shows counts, no rates."),
            )
    for name in ("text", "title"):
        if name in section:
            _words(section[name], f"{at}.{name}")


def _code(code: Any, at: str, known: Mapping[str, bool]) -> None:
    if not isinstance(code, str) or code not in known:
        raise _wrong(at, T("没有这个指标：{code}。", "No such indicator: {code}.").fill(code=code))


def _words(text: Any, at: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise _wrong(at, T("请填写文字。", "Write something."))
    if len(text) > LONGEST:
        raise _wrong(at, T("文字太长。", "Too long."))
    for name in _NAME.findall(text):
        if name not in VARIABLES:
            raise _wrong(
                at,
                T(
                    "没有变量 {{{name}}}，可用：{names}。",
                    "No variable {{{name}}}; there are: {names}.",
                ).fill(name=name, names=", ".join(f"{{{each}}}" for each in sorted(VARIABLES))),
            )
    return text


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; other braces stay."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def _wrong(field: str, text: T) -> Invalid:
    return Invalid("template_invalid", text, field=f"spec.{field}".rstrip("."))
