"""Templates are refused at the place that is wrong; charts are well-formed whatever they show."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.briefings.actions import BUNDLED
from mengding.briefings.changes import BLOCK_NAMES, changes
from mengding.briefings.charts import svg
from mengding.briefings.filling import RATES
from mengding.briefings.template import BLOCKS, check, filled
from mengding.core.errors import Invalid


def test_the_templates_that_come_with_the_product_are_good() -> None:
    for each in json.loads(BUNDLED.read_text("utf-8")):
        check(each["spec"], RATES)


FINDINGS = {"block": "findings"}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ([], "spec"),
        ({"sections": [FINDINGS]}, "spec.title"),
        ({"title": "x", "sections": []}, "spec.sections"),
        ({"title": "{whom}", "sections": [FINDINGS]}, "spec.title"),
        ({"title": "x", "sections": [{"block": "pie"}]}, "spec.sections.0.block"),
        ({"title": "x", "sections": [{"block": "bars", "by": "org"}]}, "spec.sections.0.code"),
        (
            {"title": "x", "sections": [{"block": "figures", "codes": ["nonsense"]}]},
            "spec.sections.0.codes",
        ),
        (
            {"title": "x", "sections": [{"block": "table", "by": "person", "codes": ["open"]}]},
            "spec.sections.0.by",
        ),
        (
            {"title": "x", "sections": [FINDINGS, {"block": "text", "text": " "}]},
            "spec.sections.1.text",
        ),
        (
            {"title": "x", "sections": [{"block": "trend", "codes": ["in_time_rate"]}]},
            "spec.sections.0.codes",
        ),
        ({"title": "x", "sections": [{"block": []}]}, "spec.sections.0.block"),
        (
            {"title": "x", "sections": [{"block": "table", "by": [], "codes": ["open"]}]},
            "spec.sections.0.by",
        ),
        ({"title": "x", "sections": [{**FINDINGS, "extra": 1}]}, "spec.sections.0.extra"),
    ],
)
def test_what_is_wrong_is_named(spec: Any, field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        check(spec, RATES)
    assert wrong.value.field == field


def test_other_braces_stay() -> None:
    assert filled("{district} {x} {", {"district": "名山区"}) == "名山区 {x} {"


LABEL = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=30)
SIZE = st.floats(0, 1e6, allow_nan=False)
BAR = st.fixed_dictionaries({"label": LABEL, "value": SIZE, "before": SIZE, "shown": LABEL})
LINE = st.fixed_dictionaries({"name": LABEL, "values": st.lists(SIZE, min_size=7, max_size=7)})
SPACE = "{http://www.w3.org/2000/svg}"


@given(items=st.lists(BAR, max_size=20))
def test_bars_are_xml_and_stay_inside(items: list[dict[str, Any]]) -> None:
    root = ElementTree.fromstring(svg({"kind": "bars", "items": items}))
    for rect in root.iter(f"{SPACE}rect"):
        assert 0 <= float(rect.attrib["width"]) <= 450


@given(series=st.lists(LINE, max_size=4))
def test_lines_are_xml_and_stay_inside(series: list[dict[str, Any]]) -> None:
    steps = [f"11-{n}" for n in range(1, 8)]
    root = ElementTree.fromstring(svg({"kind": "trend", "steps": steps, "series": series}))
    for line in root.iter(f"{SPACE}polyline"):
        for pair in line.attrib["points"].split():
            _, y = map(float, pair.split(","))
            assert 11.9 <= y <= 170.1


def _spec(*sections: dict[str, Any], title: str = "x") -> dict[str, Any]:
    return {"title": title, "sections": list(sections)}


HEAD, WORDS = {"block": "heading", "text": "要点"}, {"block": "text", "text": "说明"}
TABLE = {"block": "table", "by": "org", "codes": ["received"]}


def test_every_block_has_a_name() -> None:
    assert set(BLOCK_NAMES) == set(BLOCKS)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, _spec(HEAD), ["第一版"]),
        (_spec(HEAD), _spec(HEAD), ["内容没有变"]),
        (_spec(HEAD), _spec(HEAD, title="y"), ["改了总标题"]),
        (_spec(HEAD, TABLE), _spec(HEAD, WORDS, TABLE), ["加了第 2 段：文字“说明”"]),
        (_spec(HEAD, WORDS, TABLE), _spec(HEAD, TABLE), ["删了原第 2 段：文字“说明”"]),
        (_spec(HEAD, WORDS, TABLE), _spec(HEAD, TABLE, WORDS), ["移到第 3 段：文字“说明”"]),
        (_spec(TABLE), _spec({**TABLE, "codes": ["closed"]}), ["改了第 1 段：表格"]),
    ],
)
def test_what_changed_is_said(before: Any, after: Any, said: list[str]) -> None:
    assert [each.zh for each in changes(before, after)] in (said, _other_way(said))


def _other_way(said: list[str]) -> list[str]:
    """Of two blocks that changed places either may be the one that moved."""
    return ["移到第 2 段：表格"] if said == ["移到第 3 段：文字“说明”"] else said


SECTIONS = st.lists(
    st.sampled_from([HEAD, WORDS, TABLE, FINDINGS, {"block": "text", "text": "别的"}]), max_size=6
)


@given(SECTIONS, SECTIONS)
def test_there_is_always_something_to_say(old: Any, new: Any) -> None:
    said = changes(_spec(*old), _spec(*new))
    assert said
    assert (said[0].zh == "内容没有变") == (old == new)
