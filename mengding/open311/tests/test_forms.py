"""The pure parts: writing XML, reading times and numbers, starring out, checking answers."""

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.core.errors import Invalid
from mengding.open311 import as_json, as_xml
from mengding.open311.arguments import Arguments, moment, number
from mengding.open311.attributes import checked
from mengding.open311.masking import mask
from mengding.open311.shapes import Answer, Attribute, Error, Value


@given(st.text())
def test_any_text_survives_xml(text: str) -> None:
    document = as_xml.render(Answer("errors", [Error(400, text)], "error"))
    read = ElementTree.fromstring(document).findtext("error/description")
    assert read == as_xml._ILLEGAL.sub("\ufffd", text)


@given(st.characters(exclude_categories=["Cc", "Cs"]))
def test_only_what_xml_cannot_hold_is_replaced(character: str) -> None:
    if character not in "\ufffe\uffff":
        assert "\ufffd" not in as_xml.text(character) or character == "\ufffd"


def test_lists_and_objects() -> None:
    errors = Answer("errors", [Error(400, "a"), Error(403, "b")], "error")
    assert as_json.render(errors) == (
        b'[{"code":400,"description":"a"},{"code":403,"description":"b"}]'
    )
    assert as_xml.render(errors).decode().splitlines()[1] == (
        "<errors><error><code>400</code><description>a</description></error>"
        "<error><code>403</code><description>b</description></error></errors>"
    )
    assert as_xml.render(Answer("services", [], "service")).endswith(b"<services></services>\n")


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1)), OFFSETS)  # noqa: DTZ001
def test_times_are_read_back(naive: datetime, offset: timezone) -> None:
    at = naive.replace(tzinfo=offset)
    for text in (
        at.isoformat(),
        at.isoformat().replace("+", " "),
        at.isoformat().replace("+00:00", "Z"),
    ):
        assert moment("x", text) == at
    with pytest.raises(Invalid) as refusal:
        moment("x", naive.isoformat())
    assert refusal.value.field == "x"


def test_times_of_every_precision() -> None:
    for text in (
        "2026-11-24T08:00+08:00",
        "2026-11-24T08:00:00+08:00",
        "2026-11-24T08:00:00.0+08:00",
        "2026-11-24T08:00:00.000000000+08:00",
        "2026-11-24T00:00:00Z",
    ):
        assert moment("x", text) == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "１",
        "2026-11-24",
        "2026-11-24T08:00:00",
        "2026-11-24 08:00:00+08:00",
        "2026-11-24T08:00:00+0800",
        "2026-11-24T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "20261124T080000Z",
        "0001-01-01T00:00:00+08:00",
        "2026-11-24T08:00:00+25:00",
        "2026-11-24T08:00:00z",
    ],
)
def test_no_times(text: str) -> None:
    with pytest.raises(Invalid):
        moment("x", text)


@given(st.text(max_size=12) | st.floats().map(str) | st.floats(-99, 99).map(str))
def test_a_number_is_in_range_or_refused(text: str) -> None:
    try:
        found = number("lat", text, -90, 90)
    except Invalid:
        found = 0.0
    assert -90 <= found <= 90


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请打13812345678。", "请打***。"),
        ("+86 138 1234 5678", "***"),
        ("电话0835-3221234转2", "电话***转2"),
        ("证号51180219900307651X！", "证号***！"),
        ("写信 a.b+c@mail.example.com, 谢谢", "写信 ***, 谢谢"),
        ("订单 202611240001381234567890", "订单 202611240001381234567890"),
        ("案号C0101202611240001", "案号C0101202611240001"),
        ("2026-11-24 08:00，门牌 1381", "2026-11-24 08:00，门牌 1381"),
        ("", ""),
    ],
)
def test_starring_out(text: str, shown: str) -> None:
    assert mask(text) == shown


def asked(code: str, datatype: str, *, required: bool = False, keys: str = "") -> Attribute:
    """A question of a made-up service."""
    values = [Value(key, key) for key in keys]
    return Attribute(True, code, datatype, required, None, 1, code, values)


SERVICE = [
    asked("must", "text", required=True),
    asked("many", "multivaluelist", keys="abc"),
    asked("one", "singlevaluelist", keys="ab"),
    asked("count", "number"),
    asked("when", "datetime"),
]


def test_answers_of_every_type() -> None:
    form = {
        "attribute[must]": ["x"],
        "attribute[many][]": ["a", "", "c", "a"],
        "attribute[one]": ["b"],
        "attribute[count]": ["3.5"],
        "attribute[when]": ["2026-11-24T00:00:00Z"],
        "description": ["y"],
    }
    assert checked(SERVICE, Arguments(form.items()).attributes()) == {
        "must": "x",
        "many": ["a", "c"],
        "one": "b",
        "count": 3.5,
        "when": "2026-11-24T08:00:00+08:00",
    }


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "attribute[must]"),
        ({"attribute[must]": [" "]}, "attribute[must]"),
        ({"attribute[must]": ["x"], "attribute[many][]": ["a", "d"]}, "attribute[many]"),
        ({"attribute[must]": ["x"], "attribute[one][]": ["a", "b"]}, "attribute[one]"),
        ({"attribute[must]": ["x"], "attribute[count]": ["1e3"]}, "attribute[count]"),
        ({"attribute[must]": ["x"], "attribute[when]": ["today"]}, "attribute[when]"),
        ({"attribute[must]": ["x\0"]}, "attribute[must]"),
    ],
)
def test_wrong_answers_are_named(form: dict[str, list[str]], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked(SERVICE, Arguments(form.items()).attributes())
    assert refusal.value.field == field
