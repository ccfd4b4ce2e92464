"""Emergency resources: the inventory, rounds, late checks, a case of a shortage, files."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mengding.cases.models import Case
from mengding.cases.tests.made import org, spot, who
from mengding.core import clock
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.ledger.models import Event
from mengding.people.models import Account, Post
from mengding.resources import actions, checking, files, queries
from mengding.resources.actions import ResourceData
from mengding.resources.checking import Found
from mengding.resources.models import Check, Resource, Round

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
OTHER = "511803105"  # a village there is found below


def data(**fields: Any) -> ResourceData:
    lon, lat = spot()
    plain: dict[str, Any] = {
        "kind": "store",
        "name": "防汛物资库",
        "lon": lon,
        "lat": lat,
        "quantity": Decimal(120),
        "needed": Decimal(100),
        "unit": "条",
        "organisation": org("centre-511803102"),
    }
    return ResourceData(**plain | fields)


def made(**fields: Any) -> Resource:
    return actions.create(who("supervise"), data(**fields))


def call(method: str, path: str, body: object = None, by: str = "supervise") -> tuple[int, Any]:
    answer = Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body or {}),
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}"},
    )
    said = answer.getvalue()
    if "json" in answer.headers["Content-Type"]:
        return answer.status_code, json.loads(said)
    return answer.status_code, said.decode()


def test_who_sees_and_keeps_what() -> None:
    row = made()
    assert queries.one(who("grid"), row.pk)
    assert queries.one(who("town"), row.pk)
    with pytest.raises(NotFound):  # kept by another organisation
        queries.one(who("water"), row.pk)
    kept = made(name="水泵", kind="equipment", organisation=org("dept-water"))
    assert queries.one(who("water"), kept.pk)
    far = Resource.objects.get(pk=row.pk)
    with pytest.raises(NotAllowed):
        actions.create(who("grid"), data(name="x"))
    elsewhere = _village_of(OTHER)
    lon, lat = spot(elsewhere)
    with pytest.raises(NotAllowed):
        actions.create(who("town"), data(name="x", lon=lon, lat=lat))
    away = made(name="外镇", lon=lon, lat=lat)
    with pytest.raises(NotFound):
        actions.update(who("town"), away.pk, data(name="外镇2"))
    assert far.version == 1


def _village_of(town: str) -> str:
    from mengding.regions.models import Region

    codes = Region.objects.filter(level="village", parent__code=town, boundary__isnull=False)
    return str(codes.values_list("code", flat=True).order_by("code")[0])


def test_a_change_is_versioned_and_in_the_ledger() -> None:
    row = made()
    actions.update(who("supervise"), row.pk, data(quantity=Decimal(90)), version=1)
    with pytest.raises(Conflict):
        actions.update(who("supervise"), row.pk, data(), version=1)
    with pytest.raises(Conflict) as twice:
        made()
    assert twice.value.field == "name"
    actions.update(who("supervise"), row.pk, data(state="retired"))
    assert made().pk != row.pk  # a retired name is free again
    told = list(
        Event.objects.filter(subject_kind="resource", subject_id=row.pk).values_list(
            "action", "after"
        )
    )
    assert [action for action, _ in told] == ["resource.create", *["resource.update"] * 2]
    assert "防汛" not in json.dumps([after for _, after in told], ensure_ascii=False)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "tank"}, "kind"),
        ({"state": "lost"}, "state"),
        ({"name": " "}, "name"),
        ({"unit": ""}, "unit"),
        ({"quantity": Decimal("-1")}, "quantity"),
        ({"needed": Decimal("1.005")}, "needed"),
        ({"lat": 95.0}, "lat"),
        ({"organisation": 10**9}, "organisation"),
        ({"contact_post": 10**9}, "contact_post"),
    ],
)
def test_a_mistake_names_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        made(**fields)
    assert refused.value.field == field


def test_the_database_refuses_what_cannot_be() -> None:
    from django.db import IntegrityError, transaction

    row = made()
    for change in ({"quantity": -1}, {"lat": 91}, {"unit": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Resource.objects.filter(pk=row.pk).update(**change)


def test_a_round_is_done_by_its_checks_also_late_ones() -> None:
    one, two = made(), made(name="冲锋舟", kind="equipment", quantity=Decimal(2), needed=Decimal(2))
    now = clock.now()
    begun = checking.open_round(
        who("supervise"), "汛前检查", queries.today(), [one.pk, two.pk, one.pk]
    )
    # A round over the district is the supervisor's; the worker sees the items of the own village.
    assert {d["resource"]["id"] for d in queries.due(who("grid"))} >= {one.pk, two.pk}
    with clock.at(now + timedelta(hours=5)):
        # Found two hours ago, without signal; a look from before is kept and changes nothing.
        late = now + timedelta(hours=3)
        checking.check(who("grid"), one.pk, Found(Decimal(80), "good", at=late), note="少了二十条")
        checking.check(
            who("grid"), one.pk, Found(Decimal(200), "good", at=late - timedelta(hours=1))
        )
        row = Resource.objects.get(pk=one.pk)
        assert (row.quantity, row.checked_at) == (Decimal(80), late)
        assert Check.objects.filter(resource=one).count() == 2
        begun.refresh_from_db()
        assert begun.closed_at is None
        checking.check(who("grid"), two.pk, Found(Decimal(2), "good"))
        assert Round.objects.get(pk=begun.pk).closed_at is not None
    event = Event.objects.filter(subject_id=one.pk, action="resource.check").earliest("pk")
    assert event.words is not None
    assert event.words.text == "少了二十条"
    with pytest.raises(Invalid) as old:
        checking.check(who("grid"), one.pk, Found(Decimal(1), "good", at=now - timedelta(days=8)))
    assert old.value.field == "at"
    with pytest.raises(Invalid):
        checking.check(who("grid"), one.pk, Found(Decimal(1), "good", at=now + timedelta(hours=1)))


def test_rounds_end_by_hand_and_refuse_nonsense() -> None:
    row = made()
    for title, day, ids, field in (
        ("", queries.today(), [row.pk], "title"),
        ("x", queries.today() - timedelta(days=1), [row.pk], "due_on"),
        ("x", queries.today(), [], "resources"),
    ):
        with pytest.raises(Invalid) as refused:
            checking.open_round(who("supervise"), title, day, ids)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        checking.open_round(who("supervise"), "x", queries.today(), [row.pk, 10**9])
    begun = checking.open_round(who("supervise"), "x", queries.today(), [row.pk])
    with clock.at(clock.now() + timedelta(days=2)):
        late = next(r for r in queries.rounds(who("supervise"), open_only=True))
        assert late["late"]
    checking.close_round(who("supervise"), begun.pk)
    checking.close_round(who("supervise"), begun.pk)
    assert Event.objects.filter(action="resource_round.close", subject_id=begun.pk).count() == 1
    with pytest.raises(NotFound):  # the district's round is not the town's to end
        checking.close_round(who("town"), begun.pk)


def test_a_shortage_becomes_one_case() -> None:
    row = made(quantity=Decimal(10))
    fine = checking.check(who("grid"), row.pk, Found(Decimal(100), "good"))
    with pytest.raises(Invalid):
        checking.raise_case(who("grid"), fine.pk)
    short = checking.check(who("grid"), row.pk, Found(Decimal("60.5"), "worn"))
    first = checking.raise_case(who("grid"), short.pk)
    again = checking.raise_case(who("grid"), short.pk)
    assert first.case_id == again.case_id
    assert first.case_id is not None
    case = Case.objects.get(pk=first.case_id)
    assert "应有 100 条，实有 60.5 条" in case.description
    assert case.lon == row.lon
    status, answer = call(
        "POST",
        f"/resources/{row.pk}/checks",
        {"quantity": 100, "condition": "broken", "make_case": True},
        by="grid",
    )
    assert (status, answer["short"]) == (201, True)
    assert answer["case_id"] not in (None, first.case_id)
    held = made(name="水泵", organisation=org("dept-water"))
    said = {"quantity": 1, "condition": "good", "make_case": True}
    assert call("POST", f"/resources/{held.pk}/checks", said, by="water")[0] == 403
    assert not Check.objects.filter(resource=held).exists()


def test_what_is_near_and_what_is_lacking() -> None:
    lon, lat = spot()
    made(name="近", lon=lon + 0.0002, lat=lat, expires_on=queries.today() + timedelta(days=20))
    made(name="远", lon=lon + 0.002, lat=lat, quantity=Decimal(1))
    _, near = call("GET", f"/resources/near?lon={lon}&lat={lat}&kind=store&limit=5", by="grid")
    assert [r["name"] for r in near["items"]][:2] == ["近", "远"]
    assert near["items"][0]["distance_m"] in range(15, 25)
    names = [r["name"] for r in call("GET", "/resources?short=true")[1]["items"]]
    assert "远" in names
    assert "近" not in names
    soon = call("GET", "/resources?expiring=30&q=近")[1]["items"]
    assert [r["days_left"] for r in soon] == [20]
    assert call("GET", "/resources?expiring=19&q=近")[1]["items"] == []
    assert call("GET", "/resources/map?q=近")[1]["more"] is False


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180), st.floats(-89, 89))
def test_distances(lon: float, lat: float, lon2: float, lat2: float) -> None:
    there, back = queries.metres(lon, lat, lon2, lat2), queries.metres(lon2, lat2, lon, lat)
    assert there == pytest.approx(back, abs=1e-3)
    assert 0 <= there <= 20_015_200
    assert queries.metres(lon, lat, lon, lat) == 0


def test_a_file_goes_out_and_comes_in_again() -> None:
    made(name="=cmd()", address="-后院")
    made(name="第二", expires_on=queries.today())
    status, text = call("GET", "/resources/export")
    assert status == 200
    assert "'=cmd()" in text
    before = Resource.objects.count()
    done = files.import_csv(who("supervise"), text)
    assert done.faults == ()
    assert done.created == 0
    assert Resource.objects.count() == before
    more = text + f"store,新库,{spot()[0]},{spot()[1]},,1,,件,,centre-511803102,ready\n"
    trial = call("POST", "/resources/import", {"csv": more, "trial": True})[1]
    assert (trial["created"], trial["written"]) == (1, False)
    assert Resource.objects.count() == before
    call("POST", "/resources/import", {"csv": more, "trial": False})
    assert Resource.objects.filter(name="新库").exists()
    assert Event.objects.filter(action="resource.export").exists()


def test_a_contact_is_chosen_among_posts_and_travels_with_the_file() -> None:
    centre = org("centre-511803102")
    found = call("GET", f"/resources/contacts?organisation={centre}")[1]["items"]
    assert found
    assert len({each["label"] for each in found}) == len(found)  # nobody's double
    names = set(Account.objects.exclude(name="").values_list("name", flat=True))
    assert not any(name in each["label"] for each in found for name in names)
    water = call("GET", "/resources/contacts?q=水利")[1]["items"]
    post = next(each["post"] for each in water if "处置" in each["label"])
    entry = made(name="有人可找", contact_post=post)
    assert "处置" in queries.detail(who("grid"), entry.pk)["contact"]

    head, *lines = call("GET", "/resources/export")[1].splitlines()
    (line,) = [each for each in lines if "有人可找" in each]
    assert ",dept-water/handler/" in line
    entry.contact_post = None
    entry.save(update_fields=["contact_post"])
    assert files.import_csv(who("supervise"), f"{head}\n{line}\n").updated == 1
    entry.refresh_from_db()
    assert Post.objects.get(pk=entry.contact_post_id or 0).role == "handler"
    said = line.rsplit(",", 1)[0]
    spoken = f"{head}\n{said},dept-water/处置人员\n"
    assert files.import_csv(who("supervise"), spoken).faults == ()
    for nobody in ("dept-water/皇帝", "dept-water/system_admin", "nowhere/handler"):
        (fault,) = files.import_csv(who("supervise"), f"{head}\n{said},{nobody}\n").faults
        assert fault.field == "contact"
    assert files.import_csv(who("supervise"), f"{head}\n{said},\n").faults == ()
    entry.refresh_from_db()
    assert entry.contact_post_id is None  # an empty cell takes it away, a file without does not


def test_faults_by_line_and_field_write_nothing() -> None:
    lon, lat = spot()
    good = f"应急队伍,好的,{lon},{lat},5,人,centre-511803102,\n"
    text = (
        "类型,名称,经度,纬度,数量,单位,保管单位代码,有效期至\n"
        + good
        + f"坦克,a,{lon},{lat},5,人,centre-511803102,\n"
        + f"store,b,x,{lat},5,人,centre-511803102,\n"
        + f"store,c,{lon},{lat},-5,人,centre-511803102,\n"
        + f"store,d,{lon},{lat},5,人,nobody,\n"
        + f"store,e,{lon},{lat},5,人,centre-511803102,明年\n"
        + "store,f,0,0,5,人,centre-511803102,\n"
    )
    done = files.import_csv(who("supervise"), text)
    assert [(f.line, f.field) for f in done.faults] == [
        *((3, "kind"), (4, "lon"), (5, "quantity"), (6, "organisation"), (7, "expires_on")),
        (8, "lat"),
    ]
    assert not Resource.objects.filter(name="好的").exists()
    with pytest.raises(Invalid) as lacking:
        files.import_csv(who("supervise"), "名称\nx\n")
    assert "类型" in lacking.value.text.zh
    with pytest.raises(Invalid):
        files.import_csv(who("supervise"), 'kind,"name\n')
