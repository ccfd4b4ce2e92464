"""The JSON form of a rule set and the default rules."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.core.errors import Invalid
from mengding.routing import file
from mengding.routing.rules import Codes, Rule, unreachable
from mengding.routing.tests.test_rules import _rules

APPS = Path(__file__).parents[2]
CODES = Codes(
    classes=frozenset({"E0110", "E0502"}),
    departments=frozenset({"gas"}),
    regions=frozenset({"511803", "511803001"}),
    grades=frozenset({"urgent"}),
)


def _file(**changes: Any) -> dict[str, Any]:
    item: dict[str, Any] = {
        "code": "gas",
        "name": "燃气",
        "when": {"class_codes": ["E05*"], "hours": ["22:00", "06:00"]},
        "target": {"department": "gas"},
    }
    return {"rules": [{**item, **changes}]}


def test_a_right_file_is_read() -> None:
    (rule,) = file.load(_file(), CODES)
    assert rule.when.hours == (1320, 360)
    assert (rule.target.tier, rule.target.emergency, rule.active) == ("district", False, True)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (None, ""),
        ([], ""),
        ({}, "rules"),
        ({"rules": {}}, "rules"),
        ({"rules": [], "x\x00y": 1}, "x?y"),
        ({"rules": [7]}, "rules[0]"),
        ({"rules": [{}]}, "rules[0].code"),
        (_file(code="Gas"), "rules[0].code"),
        (_file(code=5), "rules[0].code"),
        (_file(name=" "), "rules[0].name"),
        (_file(name="a\x00"), "rules[0].name"),
        (_file(name="\ud800"), "rules[0].name"),
        (_file(active=1), "rules[0].active"),
        (_file(colour=1), "rules[0].colour"),
        (_file(when=[]), "rules[0].when"),
        (_file(when={"klass": []}), "rules[0].when.klass"),
        (_file(when={"class_codes": "E05*"}), "rules[0].when.class_codes"),
        (_file(when={"class_codes": ["E0502", "E0*2"]}), "rules[0].when.class_codes[1]"),
        (_file(when={"class_codes": ["E0502", "E0503"]}), "rules[0].when.class_codes[1]"),
        (_file(when={"class_codes": ["E06*"]}), "rules[0].when.class_codes[0]"),
        (_file(when={"class_codes": [None]}), "rules[0].when.class_codes[0]"),
        (_file(when={"grades": ["high"]}), "rules[0].when.grades[0]"),
        (_file(when={"region_codes": ["511803002"]}), "rules[0].when.region_codes[0]"),
        (_file(when={"region_codes": ["城区"]}), "rules[0].when.region_codes[0]"),
        (_file(when={"weekdays": [1, 8]}), "rules[0].when.weekdays[1]"),
        (_file(when={"weekdays": [True]}), "rules[0].when.weekdays[0]"),
        (_file(when={"hours": ["22:00"]}), "rules[0].when.hours"),
        (_file(when={"hours": ["9:00", "12:00"]}), "rules[0].when.hours[0]"),
        (_file(when={"hours": ["24:00", "06:00"]}), "rules[0].when.hours[0]"),
        (_file(when={"hours": ["22:00", "24:01"]}), "rules[0].when.hours[1]"),
        (_file(when={"hours": ["06:00", "06:00"]}), "rules[0].when.hours"),
        (_file(when={"worktime": "yes"}), "rules[0].when.worktime"),
        (_file(when={"text_any": ["漏气", " "]}), "rules[0].when.text_any[1]"),
        (_file(when={"text_any": ["长" * 41]}), "rules[0].when.text_any[0]"),
        (_file(target={}), "rules[0].target.department"),
        (_file(target={"department": "gaz"}), "rules[0].target.department"),
        (_file(target={"department": "gas", "tier": "city"}), "rules[0].target.tier"),
        (_file(target={"department": "gas", "tier": []}), "rules[0].target.tier"),
        (
            _file(target={"department": "gas", "tier": "town", "emergency": True}),
            "rules[0].target.tier",
        ),
        ({"rules": _file()["rules"] * 2}, "rules[1].code"),
    ],
)
def test_a_mistake_is_named_by_its_place_in_both_languages(data: object, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        file.load(data, CODES)
    assert caught.value.field == path
    problem = caught.value.extra["problems"][0]
    assert problem["path"] == path
    assert problem["text"].zh
    assert problem["text"].en
    assert problem["text"].zh != problem["text"].en


def test_all_mistakes_are_reported_in_one_go() -> None:
    data = {"rules": [*_file(code="?")["rules"], *_file(when={"weekdays": [0, 9]})["rules"]]}
    paths = [problem.path for problem in file.check(data, CODES)[1]]
    assert paths == ["rules[0].code", "rules[1].when.weekdays[0]", "rules[1].when.weekdays[1]"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(_json, st.sampled_from(("code", "name", "active", "when", "target")))
def test_no_json_breaks_the_check(value: object, key: str) -> None:
    file.check(value)
    file.check({"rules": value})
    rules, problems = file.check(_file(**{key: value}))
    assert bool(rules) is not bool(problems)


@settings(deadline=None)
@given(_rules)
def test_dump_and_load_are_inverse(rules: list[Rule]) -> None:
    rules = [r for r in rules if r.when.hours is None or r.when.hours[0] != r.when.hours[1]]
    assert list(file.load(json.loads(json.dumps(file.dump(rules))))) == rules


def _catalogue() -> dict[str, Any]:
    newest = max((APPS / "catalogue" / "data").glob("mengding-*.json"))
    read: dict[str, Any] = json.loads(newest.read_text())
    return read


def test_every_code_of_the_default_rules_exists_in_the_catalogue() -> None:
    catalogue = _catalogue()
    codes = Codes(
        classes=frozenset(item["code"] for item in catalogue["classes"]),
        conditions=frozenset(
            c["code"] for item in catalogue["classes"] for c in item["conditions"]
        ),
        departments=frozenset(item["code"] for item in catalogue["departments"]),
        kinds=frozenset(item["kind"] for item in catalogue["classes"]),
        grades=frozenset({"general", "important", "urgent"}),
        regions=frozenset(),
        channels=frozenset(),
    )
    data = json.loads((APPS / "routing" / "data" / "default.json").read_text())
    rules = file.load(data, codes)
    assert len(rules) >= 25
    assert unreachable(rules, codes) == []
    assert all(rule.name_en for rule in rules)
