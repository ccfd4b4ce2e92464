"""Loading the demo district, through the same actions a real district is set up with."""

from collections.abc import Callable
from datetime import time as time_of_day
from datetime import timedelta

from django.db import transaction

from mengding.briefings import actions as briefings
from mengding.catalogue import actions as catalogue
from mengding.catalogue.file import BUNDLED
from mengding.clocks import actions as clocks
from mengding.core import clock
from mengding.core.actor import SYSTEM, Level, Role
from mengding.demo import (
    costs,
    daily,
    duty,
    foresight,
    onsite,
    positions,
    resources,
    scores,
    watching,
)
from mengding.demo.roster import DISTRICT, PEOPLE, STAGE_LIMITS
from mengding.demo.secrets import password, token
from mengding.demo.stories import actor_of, tell
from mengding.escalation import actions as escalation
from mengding.opendata import actions as opendata
from mengding.people import actions as people
from mengding.people.actions import OrganisationData
from mengding.people.actions.districts import centre_of
from mengding.people.models import Organisation, OrgKind
from mengding.phrases import actions as phrases
from mengding.policy.permissions import ROLES
from mengding.regions import demo as regions
from mengding.regions.models import Region
from mengding.routing import actions as routing
from mengding.tasks.actions import editions as task_catalogue
from mengding.worktime import WorkCalendar

Progress = Callable[[str], None]


def _quiet(step: str) -> None:
    """No progress wanted."""


@transaction.atomic
def load(progress: Progress = _quiet, *, cases: bool = True) -> None:
    """Load everything in one transaction: a demo that broke off is not there at all."""
    progress("区划 divisions")
    regions.load_demo(SYSTEM)
    progress("工作日历、时限 calendar and limits")
    calendar = WorkCalendar(
        name="district",
        segments=(
            (time_of_day(8, 30), time_of_day(12, 0)),
            (time_of_day(13, 30), time_of_day(17, 30)),
        ),
    )
    clocks.publish_calendar(SYSTEM, "district", "名山区工作日历", calendar.to_json())
    clocks.publish_limits(SYSTEM, STAGE_LIMITS)
    progress("事项目录 catalogue")
    version = catalogue.load_file(SYSTEM, BUNDLED.read_bytes())
    version = catalogue.publish(SYSTEM, version)
    progress("机构 organisations")
    _organisations({d["code"]: (d["zh"], d["en"]) for d in version.departments})
    progress("派遣规则 routing rules")
    routing.install_default(SYSTEM)
    progress("催办链 escalation chains")
    # Weeks ago, so that the clocks of the sample cases started under it.
    with clock.at(clock.now() - timedelta(days=60)):
        escalation.install_default(SYSTEM)
    progress("简报模板 templates of briefings")
    briefings.install_default(SYSTEM)
    progress("标准用语 standard texts")
    phrases.install_default(SYSTEM)
    progress("任务目录 task catalogue")
    task_catalogue.install_default(SYSTEM)
    progress("账号、岗位、令牌 accounts, posts, tokens")
    _accounts()
    if cases:
        progress("示例案件 sample cases")
        tell()
        progress("日常任务 daily tasks")
        daily.tell()
        progress("督办、催办 supervision, escalation")
        watching.tell()
        district = Region.objects.values_list("pk", flat=True).get(code=DISTRICT)
        for each in ("day", "week"):
            briefings.set_schedule(SYSTEM, template=each, region=district, active=True)
        opendata.set_terms(SYSTEM, published=True, threshold=5, finest=16, delay_days=5, version=0)
        by = {person.username: actor_of(person.username) for person in PEOPLE}
        progress("成本标准 cost rates")
        costs.tell(by)
        progress("应急资源、通知 resources and notices")
        resources.tell(by)
        progress("预警 warnings")
        foresight.tell(by)
        progress("工作评价 evaluation of a month")
        scores.tell(by)
        progress("巡逻队与排班 teams and rosters")
        duty.tell(by)
        progress("在岗人员与位置 people on duty")
        positions.walk()
        progress("到场、求助、自办 on the spot")
        onsite.tell()


def _organisations(departments: dict[str, tuple[str, str]]) -> None:
    made: dict[str, Organisation] = {}
    for region in Region.objects.exclude(level="grid").order_by("code"):
        over = made.get(f"centre-{region.parent.code}") if region.parent else None
        centre = people.create_organisation(SYSTEM, centre_of(region, Level(region.level), over))
        made[centre.code] = centre
    district = Region.objects.get(code=DISTRICT)
    for code, (zh, en) in departments.items():
        people.create_organisation(
            SYSTEM,
            OrganisationData(
                code=f"dept-{code}",
                kind=OrgKind.DEPARTMENT,
                name=zh,
                name_en=en,
                region=district.pk,
                department_code=code,
            ),
        )
    for town in Region.objects.filter(level="town").order_by("code"):
        people.create_organisation(
            SYSTEM,
            OrganisationData(
                code=f"dept-urban_management-{town.code}",
                kind=OrgKind.DEPARTMENT,
                name=f"{town.name}综合行政执法队",
                name_en=f"{town.name_en} law enforcement team",
                region=town.pk,
                department_code="urban_management",
            ),
        )


def _accounts() -> None:
    orgs = {org.code: org.pk for org in Organisation.objects.all()}
    areas = dict(Region.objects.values_list("code", "pk"))
    for person in PEOPLE:
        account, _ = people.create_account(
            SYSTEM,
            username=person.username,
            name=person.name,
            password=password(person.username),
            is_demo=True,
        )
        post = people.create_post(
            SYSTEM,
            account=account.pk,
            role=person.role.value,
            organisation=orgs[person.org],
            region=areas[person.region],
        )
        people.issue_token(
            SYSTEM,
            post=post.pk,
            name="演示令牌",
            scopes=_everything(person.role),
            text=token(person.username),
        )


def _everything(role: Role) -> list[str]:
    """Every action the role holds."""
    return [action for action, roles in ROLES.items() if role in roles]
