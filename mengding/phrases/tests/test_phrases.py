"""Standard texts: who may change them, what they may hold, how they are filled."""

import json
from typing import Any

import pytest
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.contacts import ContactData
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, org, report, who
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.core.text import language
from mengding.demo.secrets import token
from mengding.ledger.models import Event
from mengding.phrases import actions, queries
from mengding.phrases.actions import DEFAULT, PhraseData
from mengding.phrases.models import Phrase
from mengding.phrases.variables import BLANK, USES, VARIABLES, fill, unknown

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def data(**fields: Any) -> PhraseData:
    return PhraseData(**{"verb": "note", "title_zh": "测试", "text_zh": "{class}已登记。"} | fields)


def call(method: str, path: str, body: object = None, by: str = "supervise") -> tuple[int, Any]:
    answer = Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body or {}),
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}"},
    )
    return answer.status_code, answer.json()


def texts(by: str, verb: str, case: int | None = None) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in queries.usable(who(by), verb, case)}


def test_the_bundled_texts_are_good() -> None:
    bundled = json.loads(DEFAULT.read_text("utf-8"))
    assert len(bundled) >= 20
    for each in bundled:
        PhraseData(**each).check()
        assert each["title_en"], each["code"]
        assert each["text_en"], each["code"]
        assert set(unknown(each["text_zh"])) == set()
        facts = {name: variable.sample for name, variable in VARIABLES.items()}
        for lang in ("zh", "en"):
            assert "{" not in fill(each[f"text_{lang}"], facts, lang)[0]
    assert actions.install_default(who("sysadmin")) == 0  # the demo district has them all


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{class}和{due}", []),
        ("{phone}", ["phone"]),
        ("{contact} {name} {contact}", ["contact", "name"]),
        ("{class", ["{"]),
        ("class}", ["}"]),
        ("{}", [""]),
        ("{class }", ["class "]),
    ],
)
def test_unknown_variables(text: str, names: list[str]) -> None:
    assert unknown(text) == names


def test_no_variable_is_about_a_person() -> None:
    for name in ("phone", "name", "contact", "reporter", "email"):
        with pytest.raises(Invalid) as refused:
            actions.create(who("sysadmin"), data(text_zh=f"请联系{{{name}}}"))
        assert refused.value.field == "text_zh"
        assert f"{{{name}}}" in refused.value.text.zh
        assert "{case_number}" in refused.value.text.en
    one = report(contact=ContactData(name="王女士", phone="13812345678"))
    facts = queries.facts_of(one.case)
    assert set(facts) <= set(VARIABLES)
    assert not any("王" in fact.zh or "138" in fact.zh for fact in facts.values())


def test_a_text_is_filled_with_the_facts_of_a_case() -> None:
    case = case_at(Stage.HANDLING)
    actions.create(
        who("sysadmin"),
        data(
            code="all",
            text_zh="、".join(f"{{{name}}}" for name in VARIABLES),
            text_en=" ".join(f"{{{name}}}" for name in VARIABLES),
        ),
    )
    said = texts("desk", "note", case.pk)["all"]
    assert said["missing"] == []
    for part in (case.number, "车岭镇", "解放路12号", "综合行政执法", "处置中", "月"):
        assert str(part) in said["text"]
    assert "村委会" not in said["text"]
    reader = language.set("en")
    try:
        said = texts("desk", "note", case.pk)["all"]
        assert "Handling" in said["text"]
    finally:
        language.reset(reader)
    assert "{class}" in texts("desk", "note")["all"]["text"]  # without a case: as it is written


def test_a_fact_not_known_yet_leaves_a_blank() -> None:
    case = report(class_code="", text="不知道是什么").case
    actions.create(who("sysadmin"), data(code="early", text_zh="请{org}处理{class}"))
    said = texts("desk", "note", case.pk)["early"]
    assert said["missing"] == ["org", "class"]
    assert said["text"] == f"请{BLANK}处理{BLANK}"


def test_a_case_out_of_sight_fills_nothing() -> None:
    case = report("邻居吵架", class_code="S0102").case
    assert texts("mediate", "note", case.pk)
    with pytest.raises(NotFound):
        queries.usable(who("dispatch"), "note", case.pk)


def test_own_texts_are_for_the_organisation_and_those_below() -> None:
    town = org("centre-511803102")
    actions.create(who("sysadmin"), data(code="ours", organisation=town))
    assert "ours" in texts("town", "note")
    assert "ours" in texts("grid", "note")  # a village station below that centre
    assert "ours" not in texts("desk", "note")
    assert "ours" not in texts("handler", "note")
    assert next(iter(texts("town", "note"))) == "ours"  # the own ones first


def test_changes_are_versions_in_the_ledger() -> None:
    row = actions.create(who("supervise"), data())
    assert row.code.startswith("note-")
    changed = actions.update(who("supervise"), row.pk, data(text_zh="改过"), version=1)
    assert changed.version == 2
    with pytest.raises(Conflict) as late:
        actions.update(who("sysadmin"), row.pk, data(), version=1)
    assert late.value.extra["current"] == {"version": 2}
    actions.set_active(who("supervise"), row.pk, active=False)
    assert row.code not in texts("desk", "note")
    actions.set_active(who("supervise"), row.pk, active=True)
    assert row.code in texts("desk", "note")
    told = Event.objects.filter(subject_kind="phrase", subject_id=row.pk).order_by("seq")
    assert [each.action for each in told] == [
        *("phrase.create", "phrase.update", "phrase.retire", "phrase.restore")
    ]
    assert not any("改过" in json.dumps(each.after) for each in told)
    with pytest.raises(Conflict):
        actions.create(who("sysadmin"), data(code=row.code))
    with pytest.raises(Invalid):
        actions.update(who("sysadmin"), row.pk, data(code="other"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"verb": "dance"}, "verb"),
        ({"code": "Große"}, "code"),
        ({"title_zh": " "}, "title_zh"),
        ({"text_zh": ""}, "text_zh"),
        ({"text_en": "x" * 1001}, "text_en"),
        ({"organisation": 10**9}, "organisation"),
    ],
)
def test_a_mistake_names_its_field(fields: dict[str, Any], field: str) -> None:
    status, answer = call(
        "POST", "/phrases", {"verb": "note", "title_zh": "a", "text_zh": "b"} | fields
    )
    assert status == 422
    assert answer["field"] == field


def test_who_may_change_what() -> None:
    for other in ("desk", "dispatch", "secadmin", "audit", "handler"):
        with pytest.raises(NotAllowed):
            actions.create(who(other), data())
    status, made = call("POST", "/phrases", {"verb": "note", "title_zh": "a", "text_zh": "b"})
    assert (status, made["mine"], made["organisation_id"]) == (201, True, None)
    status, page = call("GET", "/phrases/all?q=a&verb=note&active=true")
    assert made["code"] in {row["code"] for row in page["items"]}
    assert call("POST", f"/phrases/{made['id']}/retire", {"version": 1})[1]["active"] is False
    assert call("PUT", f"/phrases/{made['id']}", {"verb": "note", "title_zh": "a", "text_zh": "c",
                                                  "version": 1})[0] == 409  # fmt: skip


def test_vocabulary() -> None:
    _, words = call("GET", "/phrases/variables")
    assert {each["name"] for each in words["variables"]} == set(VARIABLES)
    assert {each["verb"] for each in words["uses"]} == set(USES)
    _, listed = call("GET", "/phrases?verb=reply", by="desk")
    assert all("{" in row["text"] or row["text"] for row in listed["items"])
    assert call("GET", "/phrases?verb=nothing", by="desk")[1]["field"] == "verb"


def test_a_picked_text_is_just_text() -> None:
    """Retiring a text changes nothing in a case where it was used."""
    case = case_at(Stage.HANDLING)
    text = texts("desk", "reply", case.pk)["reply-2"]["text"]
    cases.reply(who("desk"), case.pk, text=text)
    actions.set_active(who("sysadmin"), Phrase.objects.get(code="reply-2").pk, active=False)
    case.refresh_from_db()
    assert case.reply is not None
    assert case.reply.text == text
