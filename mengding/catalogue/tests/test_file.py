"""The reader of catalogue files, and the bundled file itself."""

import copy
import json
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mengding.catalogue import file, models
from mengding.catalogue.jsonlines import SyntaxProblem, read

BUNDLED = file.BUNDLED.read_bytes()


def small() -> dict[str, Any]:
    """A faultless file with two classes, to spoil one place at a time."""
    whole = json.loads(BUNDLED)
    whole["classes"] = [
        copy.deepcopy(next(c for c in whole["classes"] if c["code"] == code))
        for code in ("E0110", "S0101")
    ]
    return dict(whole)


def problems(value: Any) -> list[tuple[str, str]]:
    with pytest.raises(file.InvalidCatalogue) as caught:
        file.parse(json.dumps(value, ensure_ascii=False, indent=1).encode())
    assert all(p.text.zh != p.text.en for p in caught.value.problems)
    return [(p.path, p.text.en) for p in caught.value.problems]


def test_bundled_file_is_sound_and_large_enough() -> None:
    parsed = file.parse(BUNDLED)
    conditions = [c for k in parsed.classes for c in k.conditions]
    assert (parsed.scheme, parsed.version) == ("mengding", "2026.1")
    assert len(parsed.classes) >= 130
    assert len(conditions) >= 270
    assert {u for c in conditions for u in [c.limit_unit]} == set(file.Unit)
    assert {d.code for d in parsed.departments} == {k.default_department for k in parsed.classes}


def test_bundled_file_covers_the_field() -> None:
    parsed = file.parse(BUNDLED)
    bigs = {k.kind.letter + k.big_code for k in parsed.classes}
    expected = {f"{letter}{n:02}" for letter in "CE" for n in range(1, 6)}
    assert bigs >= expected | {"E07", "E08", "S01", "S02", "S03"}
    by_code = {k.code: k for k in parsed.classes}
    assert by_code["E0703"].zh == "消火栓缺配件"
    disputes = [k for k in parsed.classes if k.code.startswith("S01")]
    assert disputes
    assert all(k.confidential and not k.public for k in disputes)
    assert not any(k.public for k in parsed.classes if k.code.startswith("S02"))


def test_english_texts_are_english_and_every_text_is_its_own() -> None:
    parsed = file.parse(BUNDLED)
    for spec in parsed.classes:
        for condition in spec.conditions:
            for text in (condition.filing_en, condition.closing_en, spec.en):
                assert not re.search(r"[\u3000-\u9fff]", text), condition.code
        filings = [c.filing_zh for c in spec.conditions]
        assert len(set(filings)) == len(filings), spec.code
    assert len({spec.zh for spec in parsed.classes}) == len(parsed.classes)


def test_small_file_is_sound() -> None:
    parsed = file.parse(json.dumps(small()).encode())
    assert [k.code for k in parsed.classes] == ["E0110", "S0101"]


def _set(value: dict[str, Any], path: list[Any], new: Any) -> None:
    place: Any = value
    for step in path[:-1]:
        place = place[step]
    if new is None:
        del place[path[-1]]
    else:
        place[path[-1]] = new


@pytest.mark.parametrize(
    ("path", "new", "where", "words"),
    [
        (["format"], "mengding-catalogue/9", "$.format", "format must be"),
        (["version"], "2026 1", "$.version", "malformed"),
        (["scheme"], None, "$.scheme", "missing"),
        (["title_zh"], "Catalogue", "$.title_zh", "in Chinese"),
        (["licence"], "Apache\x00", "$.licence", "control characters"),
        (["extra"], 1, "$.extra", "unknown field"),
        (["classes"], [], "$.classes", "non-empty list"),
        (["departments", 1, "code"], "urban_management", "$.departments[1].code", "duplicate"),
        (["classes", 0, "code"], "E0111", "$.classes[0].code", "must be “E0110”"),
        (["classes", 0, "kind"], "component", "$.classes[0].code", "must be “C0110”"),
        (["classes", 0, "zh"], " 暴露垃圾", "$.classes[0].zh", "outer spaces"),
        (["classes", 0, "en"], "x" * 121, "$.classes[0].en", "exceeds 120"),
        (["classes", 0, "grade"], "high", "$.classes[0].grade", "must be one of"),
        (["classes", 0, "public"], "yes", "$.classes[0].public", "true or false"),
        (["classes", 1, "public"], True, "$.classes[1].public", "cannot be public"),
        (["classes", 0, "keywords_zh", 0], "桶", "$.classes[0].keywords_zh[0]", "2 to 20"),
        (
            ["classes", 0, "default_department"],
            "nobody",
            "$.classes[0].default_department",
            "not defined: nobody",
        ),
        (["classes", 0, "conditions"], [], "$.classes[0].conditions", "non-empty list"),
        (
            ["classes", 0, "conditions", 1, "code"],
            "E0110-1",
            "$.classes[0].conditions[1].code",
            "duplicate",
        ),
        (
            ["classes", 0, "conditions", 0, "code"],
            "E0111-1",
            "$.classes[0].conditions[0].code",
            "malformed",
        ),
        (
            ["classes", 0, "conditions", 0, "closing_zh"],
            None,
            "$.classes[0].conditions[0].closing_zh",
            "missing",
        ),
        (
            ["classes", 0, "conditions", 0, "limit", "amount"],
            0,
            "$.classes[0].conditions[0].limit.amount",
            "from 1 to 1000",
        ),
        (
            ["classes", 0, "conditions", 0, "limit", "amount"],
            True,
            "$.classes[0].conditions[0].limit.amount",
            "from 1 to 1000",
        ),
        (
            ["classes", 0, "conditions", 0, "limit", "unit"],
            "hours",
            "$.classes[0].conditions[0].limit.unit",
            "must be one of",
        ),
        (["classes", 0], "E0110", "$.classes[0]", "must be an object"),
    ],
)
def test_a_fault_is_named(path: list[Any], new: Any, where: str, words: str) -> None:
    value = small()
    _set(value, path, new)
    assert any(at == where and words in text for at, text in problems(value)), problems(value)


def test_big_class_keeps_one_name() -> None:
    value = small()
    other = copy.deepcopy(value["classes"][0])
    other.update(code="E0111", small_code="11", big_zh="别的名字")
    for number, condition in enumerate(other["conditions"], 1):
        condition["code"] = f"E0111-{number}"
    value["classes"].append(other)
    assert [at for at, _ in problems(value)] == ["$.classes[2].big_zh"]


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    value = small()
    value["classes"][1]["grade"] = "high"
    value["classes"][0]["en"] = ""
    value["version"] = 3
    assert [at for at, _ in problems(value)] == [
        "$.version",
        "$.classes[0].en",
        "$.classes[1].grade",
    ]


def test_problem_points_at_its_line() -> None:
    text = json.dumps(small(), ensure_ascii=False, indent=1).replace('"general"', '"bad"', 1)
    with pytest.raises(file.InvalidCatalogue) as caught:
        file.parse(text.encode())
    (problem,) = caught.value.problems
    assert '"grade": "bad"' in text.splitlines()[problem.line - 1]
    assert caught.value.text.zh.startswith(f"目录文件有 1 处问题，第一处：第 {problem.line} 行")
    assert caught.value.extra["problems"][0]["line"] == problem.line


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b'{\n"format": \n}', 3, "Expecting value"),
        (b'{"a": 1,\n}', 1, "Trailing comma"),
        (b'{"a" 1}', 1, "Expecting ':'"),
        (b"{a: 1}", 1, "key in double quotes"),
        (b"[1 2]", 1, "Expecting ','"),
        (b"[1]\n\n x", 3, "Extra data"),
        (b"", 1, "Expecting value"),
        (b'{"a":\n"\xff"}', 2, "not UTF-8"),
        (b"[" * 5000, 1, "Nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", 1, "number is too long"),
    ],
)
def test_what_is_not_json_is_said(data: bytes, line: int, words: str) -> None:
    with pytest.raises(file.InvalidCatalogue) as caught:
        file.parse(data)
    (problem,) = caught.value.problems
    assert (problem.line, words in problem.text.en) == (line, True), problem


def test_a_key_given_twice_is_a_problem() -> None:
    text = json.dumps(small(), indent=1).replace('"version"', '"scheme": "x",\n "version"', 1)
    with pytest.raises(file.InvalidCatalogue) as caught:
        file.parse(text.encode())
    assert ("$.scheme", "field “scheme” given twice") in [
        (p.path, p.text.en) for p in caught.value.problems
    ]


def test_too_large_a_file_is_refused_unread() -> None:
    with pytest.raises(file.InvalidCatalogue, match="larger than"):
        file.parse(b" " * (file.MAX_BYTES + 1))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON, st.sampled_from([None, 0, 3]))
def test_the_reader_agrees_with_the_standard_decoder(value: Any, indent: int | None) -> None:
    data = json.dumps(value, indent=indent).encode()
    try:
        read_value = read(data).value
    except SyntaxProblem as error:
        assume("deeply" not in str(error))
        raise
    assert read_value == json.loads(data)


@given(st.binary(max_size=60) | _JSON.map(lambda v: json.dumps(v).encode()))
def test_nothing_else_than_its_own_error_comes_out(data: bytes) -> None:
    with pytest.raises(file.InvalidCatalogue):
        file.parse(data)


def test_reading_needs_no_django() -> None:
    code = (
        "import mengding.catalogue.file, mengding.catalogue.suggest, sys;"
        "assert 'django' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_choices_of_file_and_tables_are_the_same() -> None:
    assert models.Kind.values == [k.value for k in file.Kind]
    assert models.Grade.values == [g.value for g in file.Grade]
    assert models.LimitUnit.values == [u.value for u in file.Unit]
