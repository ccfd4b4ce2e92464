"""The demo district is complete, quick to load, and a second run overwrites nothing."""

import csv
import time

import pytest

from mengding.core.actor import SYSTEM
from mengding.ledger.models import Event
from mengding.regions import demo, locate
from mengding.regions.models import Region

pytestmark = pytest.mark.django_db


def test_the_demo_is_whole_and_a_second_run_changes_nothing() -> None:
    begun = time.perf_counter()
    district = demo.load_demo(SYSTEM)
    took = time.perf_counter() - begun
    assert took < 3
    assert (district.code, district.name) == ("511803", "名山区")
    counts = {level: Region.objects.filter(level=level).count() for level in ("town", "village")}
    assert counts == {"town": 13, "village": 115}
    assert Region.objects.filter(level="grid").count() == 8
    assert not Region.objects.exclude(generated=True, boundary__isnull=False).exists()
    with demo.DATA.open(encoding="utf-8") as file:
        given = {row["village_code12"]: row["village"] for row in csv.DictReader(file)}
    stored = dict(Region.objects.filter(level="village").values_list("code", "name"))
    assert stored == given
    assert stored["511803102001"] == "社区居委会"  # as the source has it
    assert not Region.objects.filter(name_en="").exists()
    assert Region.objects.get(code="511803102201001").name_en == "Shuiyue Village, grid 1"

    before = list(Region.objects.order_by("pk").values()), Event.objects.count()
    Region.objects.filter(code="511803102001").update(name="车岭社区居委会")
    demo.load_demo(SYSTEM)
    assert Region.objects.get(code="511803102001").name == "车岭社区居委会"
    Region.objects.filter(code="511803102001").update(name="社区居委会")
    assert (list(Region.objects.order_by("pk").values()), Event.objects.count()) == before
    locate.forget()


def test_what_somebody_wrote_stays_where_the_demo_fills_in_the_rest() -> None:
    demo.load_demo(SYSTEM)
    mine = Region.objects.filter(code="511803102001")
    mine.update(name_en="Cheling Community", boundary=None)  # its place is filled in again
    demo.load_demo(SYSTEM)
    assert mine.get().boundary is not None
    assert mine.get().name_en == "Cheling Community"
    locate.forget()
