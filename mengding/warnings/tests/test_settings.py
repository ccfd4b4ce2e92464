"""What a district may set, and what it can never: the classes that may take part."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.cases.tests.made import who
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.actor import Level
from mengding.core.errors import Conflict, Invalid, NotAllowed
from mengding.ledger.models import Event
from mengding.regions.models import Region
from mengding.warnings import actions, classes, queries
from mengding.warnings.kinds import Kind
from mengding.warnings.methods import method_of
from mengding.warnings.models import Alert
from mengding.warnings.queries.rules import changes, rules_of
from mengding.warnings.rules import SETTINGS, SHIPPED, document, parse
from mengding.warnings.tests.test_warnings import NOW, cases, look

CODES = st.from_regex(r"[CES][0-9]{4}", fullmatch=True)
WITH_DB = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document that is accepted: some settings moved within their limits, some classes out."""
    said: dict[str, Any] = {"kinds": {}, "without": draw(st.lists(CODES, max_size=3))}
    for kind in draw(st.lists(st.sampled_from(sorted(set(Kind) - {Kind.CROWD})), max_size=3)):
        name = draw(st.sampled_from(sorted(SETTINGS[kind])))
        setting = SETTINGS[kind][name]
        number = draw(st.floats(0, 1)) * (setting.most - setting.least) + setting.least
        said["kinds"][kind.value] = {
            "on": draw(st.booleans()),
            name: int(number) if setting.whole else number,
        }
    return said


@given(documents(), CODES, st.booleans())
def test_no_settings_make_a_class_take_part(
    said: dict[str, Any], code: str, confidential: bool
) -> None:
    rules = parse(1, said)
    if rules.takes_part(code, confidential=confidential):
        assert classes.takes_part(code, confidential=confidential)
        assert not confidential
        assert code not in said["without"]
    assert parse(1, document(rules)) == rules, "what is written is read again"


def test_there_is_no_field_that_could_name_more() -> None:
    """Every name of the document is a number, a switch, or the list of what is left out."""
    whole = document(SHIPPED)
    assert set(whole) == {"format", "kinds", "without"}
    for values in whole["kinds"].values():
        assert all(isinstance(value, bool | int | float) for value in values.values())
    extras: tuple[dict[str, Any], ...] = (
        {"with": ["S0101"]}, {"classes": ["S0101"]}, {"kinds": {"person": {}}},
    )  # fmt: skip
    for extra in extras:
        with pytest.raises(Invalid):
            parse(1, extra)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kinds": {"repeat": {"days": 6}}}, "kinds.repeat.days"),
        ({"kinds": {"repeat": {"days": 30.5}}}, "kinds.repeat.days"),
        ({"kinds": {"repeat": {"days": True}}}, "kinds.repeat.days"),
        ({"kinds": {"spike": {"false_a_week": 0}}}, "kinds.spike.false_a_week"),
        ({"kinds": {"spike": {"on": 1}}}, "kinds.spike.on"),
        ({"kinds": {"spike": {"person": 1}}}, "kinds.spike.person"),
        ({"kinds": {"crowd": {"attention": 90}}}, "kinds.crowd.crowded"),
        ({"kinds": {"crowd": {"crowded": 120}}}, "kinds.crowd.full"),
        ({"kinds": []}, "kinds"),
        ({"format": "x"}, "format"),
        ({"without": ["C0101", 5]}, "without.1"),
        ({"without": ["S0101"]}, "without.0"),
    ],
)
def test_what_is_wrong_is_named(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as bad:
        parse(1, said, {"C0101"})
    assert bad.value.field == field


def test_the_method_says_the_numbers_in_force() -> None:
    rules = parse(1, {"kinds": {"repeat": {"days": 45, "least": 7}}})
    for kind in Kind:
        said = method_of(kind, rules)
        assert "{" not in said.zh + said.en
    assert "45" in method_of(Kind.REPEAT, rules).zh
    assert "7" in method_of(Kind.REPEAT, rules).en


class TestInADistrict:
    pytestmark = WITH_DB

    def test_a_version_is_published_recorded_and_works(self) -> None:
        boss, admin = who("supervise"), who("sysadmin")
        said = {"kinds": {"repeat": {"least": 4}, "series": {"on": False}}, "without": ["E0110"]}
        made = actions.publish(admin, said, version=0)
        assert made.version == 1
        with pytest.raises(Conflict):
            actions.publish(boss, said, version=0)
        shown = queries.settings(boss)
        assert shown["version"] == 1
        changes = {each["field"]: each["after"] for each in shown["history"][0]["changes"]}
        assert changes == {
            "kinds.repeat.least": 4, "kinds.series.on": False, "without": ["E0110"],
        }  # fmt: skip
        event = Event.objects.get(subject_kind="warning_rules", subject_id=made.pk)
        assert event.account_id == admin.account_id
        cases("C0137", [1, 5, 9])
        cases("E0110", [1, 2, 3, 4])
        look()
        assert not Alert.objects.filter(class_code__in=["C0137", "E0110"]).exists()
        cases("C0137", [2])
        look()
        row = Alert.objects.get(class_code="C0137")
        assert (row.kind, row.threshold, row.rules) == ("repeat", 4, 1)

    def test_a_setting_that_is_younger_than_a_version_is_no_change(self) -> None:
        old = document(SHIPPED)
        del old["kinds"]["crowd"], old["kinds"]["repeat"]["least"]
        old["kinds"]["repeat"]["days"] = 45
        change = {"field": "kinds.repeat.days", "before": 30, "after": 45}
        assert changes(document(SHIPPED), old) == [change]

    def test_only_the_district_sets_them(self) -> None:
        town = Region.objects.get(code="511803102")
        with pytest.raises(NotAllowed):
            actions.publish(
                replace(who("supervise"), region_id=town.pk, level=Level.TOWN), {}, version=0
            )
        for name in ("dispatch", "desk", "secadmin", "audit"):
            with pytest.raises(NotAllowed):
                actions.publish(who(name), {}, version=0)

    def test_a_class_of_persons_cannot_even_be_named(self) -> None:
        version = catalogue.active_version()
        secret = [each.code for each in catalogue.classes(version) if each.confidential]
        offered = {each["code"] for each in queries.settings(who("supervise"))["classes"]}
        assert secret
        assert not offered & {*secret, *classes.LEFT_OUT}
        with pytest.raises(Invalid) as bad:
            actions.publish(who("supervise"), {"without": [secret[0]]}, version=0)
        assert bad.value.field == "without.0"

    def test_crowds_and_spots_have_stages_of_their_own(self) -> None:
        boss, machine = who("supervise"), who("dispatch")

        def spot(*stages: int) -> None:
            actions.add_spot(
                boss, code="hill", name="蒙顶山", region_code="511803102", capacity=1000,
                stages=stages,
            )  # fmt: skip

        with pytest.raises(Invalid) as bad:
            spot(50, 40, 90)
        assert bad.value.field == "stages.crowded"
        spot()
        spot(40, 50, 90)
        with clock.at(NOW):
            actions.count(
                machine, code="hill", people_count=520, since=NOW - timedelta(minutes=5), until=NOW
            )
            (shown,) = (each for each in queries.spots(boss) if each["code"] == "hill")
            assert shown["stage"] == 2
            assert [each["stages"] for each in shown["history"]] == [[40, 50, 90], []]
            assert Alert.objects.get(kind="crowd", key="hill:2").threshold == 500
        assert rules_of(Region.objects.get(code="511803").pk).version == 0
