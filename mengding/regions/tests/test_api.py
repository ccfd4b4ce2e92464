"""The divisions over HTTP, with real tokens."""

import hashlib
from typing import Any

import pytest
import shapely
from django.test import Client

from mengding.core import clock
from mengding.core.actor import SYSTEM, Role
from mengding.people import queries as people
from mengding.people.models import Account, Organisation, OrgKind, Post, Token
from mengding.regions import demo, geometry
from mengding.regions.models import Region

pytestmark = pytest.mark.django_db


def caller(role: Role, district: Region) -> Client:
    centre, _ = Organisation.objects.get_or_create(
        code="centre", defaults={"kind": OrgKind.CENTRE, "name": "综治中心", "region": district}
    )
    account = Account.objects.create(username=role.value, name=role.value)
    post = Post.objects.create(
        account=account, role=role.value, organisation=centre, region=district
    )
    text = "mg_" + hashlib.sha256(role.value.encode()).hexdigest()[:43]
    Token.objects.create(
        post=post,
        name=role.value,
        digest=people.token_digest(text),
        scopes=["regions.*"],
        created_at=clock.now(),
    )
    return Client(headers={"Authorization": f"Bearer {text}", "Accept-Language": "en"})


@pytest.fixture
def district() -> Region:
    people.forget()
    return demo.load_demo(SYSTEM)


@pytest.fixture
def admin(district: Region) -> Client:
    return caller(Role.SYSTEM_ADMIN, district)


def send(client: Client, verb: str, path: str, body: Any = None, status: int = 200) -> Any:
    call = getattr(client, verb)
    answer = (
        call(f"/api/v1{path}")
        if body is None
        else call(f"/api/v1{path}", body, content_type="application/json")
    )
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def test_reading(admin: Client, district: Region) -> None:
    seen: list[str] = []
    path = "/regions?level=village&within=511803106&limit=4"
    page = send(admin, "get", path)
    while True:
        seen += [item["code"] for item in page["items"]]
        if page["next"] is None:
            break
        page = send(admin, "get", f"{path}&cursor={page['next']}")
    expected = Region.objects.filter(level="village", code__startswith="511803106")
    assert seen == sorted(expected.values_list("code", flat=True))
    assert "boundary" not in page["items"][0]
    found = send(admin, "get", "/regions?name=蒙顶山")
    assert [item["code"] for item in found["items"]] == ["511803106"]
    tree = send(admin, "get", "/regions/tree")
    assert [(node["code"], len(node["children"])) for node in tree] == [("511803", 13)]
    one = send(admin, "get", f"/regions/{district.pk}")
    assert one == send(admin, "get", "/regions/by-code/511803")
    assert (one["generated"], one["boundary"]["type"]) == (True, "Polygon")
    send(admin, "get", "/regions/999999999", status=404)


def test_a_layer_is_sent_once_and_its_neighbours_stay_neighbours(
    admin: Client, district: Region
) -> None:
    first = admin.get("/api/v1/regions/geojson?level=village")
    same = admin.get(
        "/api/v1/regions/geojson?level=village", headers={"If-None-Match": first["ETag"]}
    )
    assert (first.status_code, same.status_code, same.content) == (200, 304, b"")
    coarse = admin.get("/api/v1/regions/geojson?level=village&simplify=300")
    assert coarse["ETag"] != first["ETag"]
    assert len(coarse.content) < len(first.content)
    features = coarse.json()["features"]
    assert len(features) == 115
    shapes = [geometry.from_stored(f["geometry"]) for f in features]
    assert shapely.coverage_is_valid(shapes)
    village = Region.objects.get(code="511803106202")
    send(admin, "patch", f"/regions/{village.pk}", {"name": "新名村"})
    changed = admin.get(
        "/api/v1/regions/geojson?level=village", headers={"If-None-Match": first["ETag"]}
    )
    assert changed.status_code == 200


def test_locating_takes_each_coordinate_system(admin: Client, district: Region) -> None:
    wanted = send(admin, "get", "/regions/locate?lon=103.11&lat=30.09")
    assert wanted["names"][0] == "名山区"
    assert wanted["village_id"] is not None
    systems: tuple[geometry.Crs, ...] = ("gcj02", "bd09")
    for crs in systems:
        lon, lat = geometry.from_wgs84(103.11, 30.09, crs)
        found = send(admin, "get", f"/regions/locate?lon={lon}&lat={lat}&crs={crs}")
        assert found == wanted
    far = send(admin, "get", "/regions/locate?lon=0&lat=0")
    assert (far["outside"], far["region_id"], far["distance_m"]) == (True, None, None)
    for bad in ("lon=nan&lat=30", "lon=181&lat=30", "lon=103", "lon=103&lat=30&crs=utm"):
        send(admin, "get", f"/regions/locate?{bad}", status=422)


def test_writing(admin: Client, district: Region) -> None:
    body = {"code": "511803106299", "name": "试点村"}
    made = send(admin, "post", "/regions", body, status=201)
    assert (made["level"], made["path"], made["version"]) == (
        *("village", "511803.511803106.511803106299", 1),
    )
    url = f"/regions/{made['id']}"
    send(admin, "post", "/regions", body, status=409)
    assert send(admin, "patch", url, {"name": "示范村", "version": 1})["version"] == 2
    lost = send(admin, "patch", url, {"name": "x", "version": 1}, status=409)
    assert lost["current"]["version"] == 2
    assert send(admin, "post", f"{url}/deactivate", {})["active"] is False
    assert send(admin, "post", f"{url}/activate", {})["active"] is True
    send(admin, "post", f"/regions/{district.pk}/deactivate", {}, status=422)


def test_what_a_boundary_collides_with_is_named(admin: Client, district: Region) -> None:
    Region.objects.filter(generated=True).update(generated=False)
    town = Region.objects.get(code="511803106")
    taken = Region.objects.get(code="511803105").boundary
    wrong = send(admin, "patch", f"/regions/{town.pk}", {"boundary": taken}, status=422)
    assert wrong["field"] == "boundary"
    others = {problem["other"] for problem in wrong["problems"] if problem["code"] == "overlap"}
    assert others == {f"{town.name} 511803106"}  # the smaller code is named first


def test_the_next_code_and_what_hangs_on_it(admin: Client, district: Region) -> None:
    found = send(admin, "get", "/regions/next-code?parent=511803102")
    last = Region.objects.filter(parent__code="511803102").order_by("-code")[0].code
    assert (found["code"], found["level"], found["digits"]) == (str(int(last) + 1), "village", 3)
    assert send(admin, "get", "/regions/next-code?parent=511803106299", status=404)
    first = send(admin, "get", f"/regions/next-code?parent={last}")
    assert (first["code"], first["level"]) == (f"{last}001", "grid")
    grid = Region.objects.filter(level="grid")[0].code
    send(admin, "get", f"/regions/next-code?parent={grid}", status=422)
    hanging = send(admin, "get", f"/regions/{district.pk}/dependents")
    assert [each["code"] for each in hanging] == ["children", "organisations", "posts"]
    refused = send(admin, "post", f"/regions/{district.pk}/deactivate", {}, status=422)
    assert refused["code"] == "region_has_children"


def test_importing_is_dry_unless_told(admin: Client, district: Region) -> None:
    Region.objects.filter(generated=True).update(generated=False)
    ring = Region.objects.get(code="511803106202").boundary
    data = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "511803106299", "name": "重叠村"},
                "geometry": ring,
            }
        ],
    }
    body = {"data": data, "level": "village"}
    wrong = send(admin, "post", "/regions/import/geojson", body | {"dry_run": True})
    assert wrong["written"] is False
    assert [p["code"] for p in wrong["problems"]] == ["overlap"]
    assert "overlap" in wrong["problems"][0]["text"].lower()
    csv = demo.DATA.read_text(encoding="utf-8-sig")
    same = send(admin, "post", "/regions/import/divisions", {"csv": csv})
    assert (same["written"], same["created"], len(same["unchanged"])) == (False, [], 129)


def test_others_read_and_nobody_else_writes(district: Region) -> None:
    collector = caller(Role.COLLECTOR, district)
    send(collector, "get", "/regions")
    send(collector, "post", "/regions", {"code": "511803199", "name": "x"}, status=403)
    send(Client(), "get", "/regions", status=401)


def test_the_admin_site_shows_and_writes(district: Region, client: Client) -> None:
    account = Account(username="root-of-regions", name="系统管理员")
    account.set_password("Tea-garden-2026")
    account.save()
    centre = Organisation.objects.create(
        code="centre", kind=OrgKind.CENTRE, name="综治中心", region=district
    )
    Post.objects.create(
        account=account, role=Role.SYSTEM_ADMIN.value, organisation=centre, region=district
    )
    login = {"username": account.username, "password": "Tea-garden-2026"}
    client.post("/admin/login/?next=/admin/", login)
    page = client.get("/admin/regions/region/?q=蒙顶山镇")
    assert page.status_code == 200
    assert "蒙顶山镇" in page.content.decode()
    town = Region.objects.get(code="511803106")
    url = f"/admin/regions/region/{town.pk}/change/"
    assert client.get(url).status_code == 200
    client.post(url, {"code": town.code, "name": "蒙顶山新镇", "name_en": ""})
    town.refresh_from_db()
    assert (town.name, town.generated) == ("蒙顶山新镇", True)
    assert town.boundary is not None
