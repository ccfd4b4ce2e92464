"""Open cases keep a division and an organisation from going out of use unnoticed."""

import pytest

from mengding.cases.stages import Stage
from mengding.cases.tests.made import LEAD, case_at, org, report, who
from mengding.core.errors import GuardFailed
from mengding.people import actions as people
from mengding.people import queries
from mengding.people.models import Organisation, Post
from mengding.regions import actions as regions
from mengding.regions.models import Region

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def test_open_cases_hold_a_division_until_confirmed() -> None:
    report(village="511803102202")
    village = Region.objects.get(code="511803102202")
    Organisation.objects.filter(region=village).update(active=False)
    Post.objects.filter(region=village).update(active=False)
    queries.forget()
    with pytest.raises(GuardFailed, match="region_in_use") as refused:
        regions.deactivate_region(who("sysadmin"), village.pk)
    assert refused.value.extra["confirmable"]
    assert refused.value.extra["dependents"][0]["code"] == "open_cases"
    regions.deactivate_region(who("sysadmin"), village.pk, confirmed=True)
    assert not Region.objects.get(pk=village.pk).active


def test_open_cases_hold_an_organisation() -> None:
    case_at(Stage.HANDLING)
    pk = org(LEAD)
    Post.objects.filter(organisation=pk).update(active=False)
    Organisation.objects.filter(parent=pk).update(active=False)
    queries.forget()
    with pytest.raises(GuardFailed, match="organisation_in_use") as refused:
        people.deactivate_organisation(who("sysadmin"), pk)
    found = refused.value.extra["dependents"]
    assert [each["code"] for each in found] == ["open_cases"]
