"""A briefing from its template to the signed file, against cases counted by hand."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from mengding.briefings import actions, queries
from mengding.briefings.models import Briefing, Template
from mengding.briefings.rendering import render
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, who
from mengding.core import clock
from mengding.core.actor import Level
from mengding.core.errors import Conflict, GuardFailed, Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.indicators import actions as indicators
from mengding.ledger.models import Event, Words
from mengding.regions.models import Region

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]
CHINA = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 3, 11)  # a Wednesday


def place(code: str = "511803") -> int:
    return Region.objects.values_list("pk", flat=True).get(code=code)


@pytest.fixture
def yesterday() -> Iterator[None]:
    """Four cases on the 10th (one closed; one confidential, in no number), two the day before."""
    with clock.at(datetime(2026, 3, 9, 9, 0, tzinfo=CHINA)):
        report()
        report(village="511803001001")
    with clock.at(datetime(2026, 3, 10, 9, 0, tzinfo=CHINA)):
        report()
        report(village="511803001001")
        case_at(Stage.CLOSED)
        report("邻里纠纷", class_code="S0102")
    with clock.at(datetime(2026, 3, 11, 6, 20, tzinfo=CHINA)):
        count()
        yield


def count() -> None:
    """Bring the roll-ups up to date, as the worker does once things are committed."""
    indicators.take_in(list(Case.objects.values_list("pk", flat=True)))


def made(**changes: Any) -> Briefing:
    wanted: dict[str, Any] = {"template": "day", "region": place(), "day": TODAY} | changes
    return actions.make(who("supervise"), **wanted)


def sign(row: Briefing, by: str = "review") -> Briefing:
    """Sign it as it is now."""
    actor = who(by)
    seen = queries.shown_digest(queries.briefing(actor, row.pk))
    return actions.sign(actor, row.pk, seen=seen)


def test_numbers_are_those_of_the_day(yesterday: None) -> None:
    row = made()
    assert (row.since, row.until) == (date(2026, 3, 10), date(2026, 3, 11))
    blocks = row.document["blocks"]
    figures = {each["label"]: each for each in blocks[0]["items"]}
    assert figures["上报数"]["value"] == "3"
    assert figures["上报数"]["note"] == "比上期增加 1 件"
    assert figures["结案数"]["value"] == "1"
    said = next(each for each in blocks if each["kind"] == "findings")["items"]
    assert said[0].startswith("本期上报 3 件，比上期增加 1 件；结案 1 件")
    towns = next(each for each in blocks if each["kind"] == "table")
    assert [line[:3] for line in towns["rows"]] == [
        ("永兴街道", "1", "0"),
        ("车岭镇", "2", "1"),
        ("合计", "3", "1"),
    ]
    assert "纠纷" not in json.dumps(row.document, ensure_ascii=False)


def test_what_is_overdue_is_said_however_long_ago_it_was_dispatched(yesterday: None) -> None:
    with clock.at(datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)):
        case_at(Stage.HANDLING)
    count()
    sections = [
        {"block": "figures", "codes": ["overdue", "received"]},
        {"block": "findings"},
        {"block": "table", "by": "org", "codes": ["to_handle", "overdue"]},
        {"block": "bars", "by": "org", "code": "overdue"},
        {"block": "cases", "code": "overdue"},
    ]
    spec = {"title": "x", "sections": sections}
    figures, said, table, bars, cases = queries.preview(who("supervise"), kind="day", spec=spec)[
        "blocks"
    ]
    assert [(each["value"], each["note"]) for each in figures["items"]] == [
        ("1", "含以前派遣的"),
        ("3", "比上期增加 1 件"),
    ]
    assert [each for each in said["items"] if "超时" in each] == [
        "超时待处置 1 件，其中综合行政执法局 1 件。"
    ]
    assert table["rows"] == (("综合行政执法局", "1", "1"), ("合计", "1", "1"))
    assert [(each["shown"], each["before"]) for each in bars["items"]] == [("1", 0)]
    assert len(cases["rows"]) == 1


def test_what_stands_open_stands_on_days_when_nothing_moves(yesterday: None) -> None:
    with clock.at(datetime(2026, 2, 20, 9, 0, tzinfo=CHINA)):  # before the fortnight shown
        report()
    with clock.at(datetime(2026, 3, 4, 9, 0, tzinfo=CHINA)):
        report()
    count()
    spec = {"title": "x", "sections": [{"block": "trend", "codes": ["open", "received"]}]}
    (trend,) = queries.preview(who("supervise"), kind="day", spec=spec)["blocks"]
    assert [each["values"] for each in trend["series"]] == [
        (1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 4, 6),
        (0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 3),
    ]


def test_a_rate_is_not_compared_while_much_is_not_due_yet(yesterday: None) -> None:
    with clock.at(datetime(2026, 3, 10, 17, 0, tzinfo=CHINA)):
        case_at(Stage.SUSPENDED)
    count()
    spec = {"title": "x", "sections": [{"block": "figures", "codes": ["in_time_rate"]}]}
    (figures,) = queries.preview(who("supervise"), kind="day", spec=spec)["blocks"]
    assert [(each["value"], each["note"]) for each in figures["items"]] == [
        ("50.0%", "尚有未到期的，不与上期比较")
    ]


def test_both_files_hold_the_words(yesterday: None, client: Client) -> None:
    row = made()
    actions.remark(who("supervise"), row.pk, text="本周雨水较多。")
    key = {"Authorization": f"Bearer {token('supervise')}"}
    pdf = client.get(f"/api/v1/briefings/{row.pk}/file", headers=key)
    assert pdf.content.startswith(b"%PDF-")
    docx = client.get(f"/api/v1/briefings/{row.pk}/file?format=docx", headers=key)
    with zipfile.ZipFile(io.BytesIO(docx.content)) as held:
        words = held.read("word/document.xml").decode()
        assert any(name.startswith("word/media/") for name in held.namelist()), "no chart"
    for part in ("名山区网格化服务管理日报", "本周雨水较多。", "草稿，未签发", "车岭镇"):
        assert part in words


def test_what_no_file_can_hold_is_left_out(yesterday: None, client: Client) -> None:
    row = made()
    said = actions.remark(who("supervise"), row.pk, text="一\x0b二\x00三").remark
    assert said is not None
    assert said.text == "一\n二三"
    row.refresh_from_db()
    kept = row.document
    kept["blocks"].append({"kind": "findings", "items": ["四\x0c五\x01六"]})  # of an older version
    Briefing.objects.filter(pk=row.pk).update(document=kept)
    key = {"Authorization": f"Bearer {token('supervise')}"}
    docx = client.get(f"/api/v1/briefings/{row.pk}/file?format=docx", headers=key)
    with zipfile.ZipFile(io.BytesIO(docx.content)) as held:
        words = held.read("word/document.xml").decode()
    assert "二三" in words
    assert "五六" in words
    sign(row)


def test_a_template_keeps_only_what_can_be_printed() -> None:
    held = queries.template("day")
    spec = {"title": "早\x0b报\x00", "sections": [{"block": "text", "text": "完\ud800"}]}
    saved = actions.save_template(
        who("sysadmin"), code="day", kind="day", name="早\x00报", spec=spec, version=held.version
    )
    assert (saved.name, saved.spec["title"]) == ("早报", "早\n报")
    assert saved.spec["sections"] == [{"block": "text", "text": "完"}]


def test_signing_freezes_it(yesterday: None) -> None:
    row = made()
    with pytest.raises(NotAllowed):
        sign(row, "supervise")  # own work
    signed = sign(row)
    kept = queries.file_of(signed, "pdf")
    assert kept is not None
    assert kept.startswith(b"%PDF-")
    with pytest.raises(GuardFailed):
        actions.remark(who("supervise"), row.pk, text="晚了")
    with pytest.raises(DatabaseError), transaction.atomic():
        Briefing.objects.filter(pk=row.pk).update(document={})
    with pytest.raises(DatabaseError), transaction.atomic():
        Briefing.objects.filter(pk=row.pk).delete()
    event = Event.objects.get(subject_kind="briefing", subject_id=row.pk, action="briefing.sign")
    assert event.after["pdf"] == signed.pdf_sha256


def test_who_counted_a_draft_anew_does_not_sign_it(yesterday: None) -> None:
    row = made()
    actions.make(who("review"), template="day", region=place(), day=TODAY, remake=row.pk)
    with pytest.raises(NotAllowed):
        sign(row)
    sign(row, "supervise")


def test_only_what_was_read_is_signed(yesterday: None, client: Client) -> None:
    row = made()
    key = {"Authorization": f"Bearer {token('review')}"}
    at = f"/api/v1/briefings/{row.pk}"

    def signed(seen: str) -> Any:
        return client.post(
            f"{at}/sign", {"seen": seen}, content_type="application/json", headers=key
        )

    first = client.get(at, headers=key).json()["digest"]
    actions.remark(who("supervise"), row.pk, text="另有说明。")
    refused = signed(first)
    assert (refused.status_code, refused.json()["code"]) == (409, "briefing_changed")
    second = client.get(at, headers=key).json()["digest"]
    with clock.at(datetime(2026, 3, 10, 11, 0, tzinfo=CHINA)):
        report()
    count()
    made(remake=row.pk)
    assert signed(second).status_code == 409
    assert signed(client.get(at, headers=key).json()["digest"]).status_code == 200


def test_withdrawn_and_made_again(yesterday: None) -> None:
    row = made()
    with pytest.raises(Conflict) as there:
        made()
    assert there.value.extra["existing"] == row.pk
    sign(row)
    with pytest.raises(GuardFailed):
        made(remake=row.pk)
    actions.withdraw(who("review"), row.pk, reason="数据更正")
    assert made().pk != row.pk
    assert Words.objects.filter(text="数据更正").exists()


def test_a_draft_is_counted_anew(yesterday: None) -> None:
    row = made()
    with clock.at(datetime(2026, 3, 10, 11, 0, tzinfo=CHINA)):
        report()
    count()
    again = made(remake=row.pk)
    assert again.pk == row.pk
    assert again.document["blocks"][0]["items"][0]["value"] == "4"


@pytest.mark.parametrize(
    ("template", "days"),
    [
        ("week", (date(2026, 3, 2), date(2026, 3, 9))),
        ("month", (date(2026, 2, 1), date(2026, 3, 1))),
    ],
)
def test_weeks_and_months_that_are_over(
    yesterday: None, template: str, days: tuple[date, date]
) -> None:
    row = made(template=template)
    assert (row.since, row.until) == days
    assert render(queries.whole(row), "pdf", draft="", signed="").startswith(b"%PDF-")
    assert render(queries.whole(row), "docx", draft="", signed="").startswith(b"PK")


def test_the_schedule_makes_what_is_missing_once(yesterday: None) -> None:
    actions.set_schedule(who("sysadmin"), template="day", region=place(), active=True)
    actions.set_schedule(who("sysadmin"), template="week", region=place(), active=False)
    assert actions.make_due() == {"made": 1, "there": 0}
    assert actions.make_due() == {"made": 0, "there": 1}
    row = Briefing.objects.get()
    assert row.made_by is None
    sign(row, "supervise")  # made by nobody, so anybody entitled signs


def periods() -> list[tuple[str, str]]:
    rows = Briefing.objects.order_by("kind", "since").values_list("kind", "since")
    return [(kind, f"{since:%m-%d}") for kind, since in rows]


def test_what_was_withdrawn_is_not_made_again_by_the_schedule(yesterday: None) -> None:
    actions.set_schedule(who("sysadmin"), template="day", region=place(), active=True)
    actions.make_due()
    actions.withdraw(who("review"), Briefing.objects.get().pk, reason="不发")
    assert actions.make_due() == {"made": 0, "there": 1}


def test_the_schedule_makes_up_for_days_the_server_was_away(yesterday: None) -> None:
    for template in ("day", "week", "month"):
        actions.set_schedule(who("sysadmin"), template=template, region=place(), active=True)
    actions.make_due()
    assert periods() == [("day", "03-10"), ("month", "02-01"), ("week", "03-02")]
    with clock.at(datetime(2026, 3, 17, 6, 20, tzinfo=CHINA)):
        assert actions.make_due() == {"made": 7, "there": 1}
    assert periods()[1:7] == [("day", f"03-{n}") for n in range(11, 17)]
    assert periods()[-1] == ("week", "03-09")
    with clock.at(datetime(2026, 4, 17, 6, 20, tzinfo=CHINA)):  # a month later: not all of it
        actions.make_due()
    assert [day for kind, day in periods() if kind == "day"][7:] == [
        f"04-{n}" for n in range(10, 17)
    ]
    # Switched off and on again, it begins anew.
    with clock.at(datetime(2026, 4, 20, 9, 0, tzinfo=CHINA)):
        for active in (False, True):
            actions.set_schedule(who("sysadmin"), template="day", region=place(), active=active)
    with clock.at(datetime(2026, 4, 22, 6, 20, tzinfo=CHINA)):
        actions.make_due()
    assert [day for kind, day in periods() if kind == "day"][14:] == ["04-20", "04-21"]


def test_a_schedule_that_fails_stops_no_other(yesterday: None) -> None:
    spec = {"title": "x", "sections": [{"block": "figures", "codes": ["gone"]}]}
    Template.objects.create(code="day", version=9, kind="day", name="x", spec=spec,
                            created_at=clock.now())  # fmt: skip
    for template in ("day", "week"):
        actions.set_schedule(who("sysadmin"), template=template, region=place(), active=True)
    with pytest.raises(RuntimeError, match=f"day of {place()}"):
        actions.make_due()
    assert periods() == [("week", "03-02")]


def test_nothing_is_made_of_numbers_that_lag(
    yesterday: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.set_schedule(who("sysadmin"), template="day", region=place(), active=True)
    waiting, rounds = [3, 1, 1, 1, 0], []
    monkeypatch.setattr(actions, "sleep", lambda seconds: None)
    monkeypatch.setattr("mengding.indicators.actions.catch_up", lambda: rounds.append(1))
    monkeypatch.setattr(actions, "PATIENCE", 2)
    monkeypatch.setattr(
        "mengding.indicators.queries.state", lambda: {"waiting": waiting[len(rounds) - 1]}
    )
    assert actions.make_due() == {"made": 0, "there": 0, "waiting": 1}
    with pytest.raises(RuntimeError, match="1 events are not counted"):
        actions.make_due(last=True)
    assert actions.make_due() == {"made": 1, "there": 0}  # the round in which none waits


def test_a_town_reads_its_own_only(yesterday: None) -> None:
    row = made()
    with pytest.raises(NotFound):
        queries.briefing(who("town"), row.pk)
    own = made(region=place("511803102"))
    found = queries.briefing(who("town"), own.pk)
    assert found.document["title"].startswith("车岭镇")
    assert found.document["blocks"][0]["items"][0]["value"] == "2"
    assert "乡镇街道" not in json.dumps(found.document, ensure_ascii=False)
    assert any(each.get("head", [""])[0] == "村社区" for each in found.document["blocks"])


def test_templates_are_versions() -> None:
    held = queries.template("day")
    spec = held.spec | {"title": "{district}早报"}
    same = {"code": "day", "kind": "day", "spec": spec, "version": held.version}
    actions.save_template(who("sysadmin"), name="早报", **same)
    with pytest.raises(Conflict):
        actions.save_template(who("sysadmin"), name="晚报", **same)
    with pytest.raises(Invalid):
        actions.save_template(who("sysadmin"), code="a-b", kind="day", name="x", spec=spec)
    assert queries.template("day").name == "早报"
    assert Template.objects.filter(code="day").count() == 2


def test_a_town_does_not_change_what_all_share() -> None:
    held = queries.template("day")
    town = replace(who("supervise"), region_id=place("511803102"), level=Level.TOWN)
    changed = {"code": "day", "kind": "day", "name": "早报", "spec": held.spec}
    with pytest.raises(NotAllowed) as refused:
        actions.save_template(town, **changed, version=held.version)
    assert refused.value.code == "template_of_district"
    assert actions.set_schedule(town, template="day", region=place("511803102"), active=True)


def test_what_changed_in_a_version_is_told() -> None:
    held = queries.template("day")
    spec = {**held.spec, "sections": [*held.spec["sections"], {"block": "text", "text": "完"}]}
    actions.save_template(
        who("sysadmin"), code="day", kind="day", name="早报", spec=spec, version=held.version
    )
    newest, first = queries.versions("day")
    count = len(spec["sections"])
    assert [each.zh for each in newest["changed"]] == [
        "改了名称", f"加了第 {count} 段：文字“完”",
    ]  # fmt: skip
    assert [each.zh for each in first["changed"]] == ["第一版"]
    with pytest.raises(NotFound):
        queries.versions("nobody")


def test_a_preview_is_the_document_and_keeps_nothing(yesterday: None) -> None:
    spec = {
        "title": "{district}简报",
        "sections": [
            {"block": "figures", "codes": ["received"]},
            {"block": "cases", "code": "received", "title": "昨日受理"},
        ],
    }
    document = queries.preview(who("sysadmin"), kind="day", spec=spec)
    figures, cases = document["blocks"]
    assert figures["items"][0]["value"] == str(len(cases["rows"]))
    assert cases["title"] == f"昨日受理（共 {len(cases['rows'])} 件）"
    assert cases["words"]
    assert {len(row) for row in cases["rows"]} == {5}
    assert not Briefing.objects.exists()
    with pytest.raises(Invalid) as wrong:
        queries.preview(
            who("supervise"), kind="day", spec={"title": "x", "sections": [{"block": "cases"}]}
        )
    assert wrong.value.field == "spec.sections.0.code"
    with pytest.raises(NotAllowed):
        queries.preview(who("dispatch"), kind="day", spec=spec)
    for kind in ("pdf", "docx"):
        assert render(document, kind, draft="", signed="")
