"""Templates are refused at the place that is wrong; charts are well-formed whatever they show."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.briefings.actions import BUNDLED
from mengding.briefings.charts import svg
from mengding.briefings.filling import RATES
from mengding.briefings.template import check, filled
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
