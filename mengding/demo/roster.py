"""Who and what the demo district consists of. Names of persons are made up."""

from dataclasses import dataclass

from mengding.core.actor import Role
from mengding.core.text import T

DISTRICT = "511803"
TOWN = "511803102"  # 车岭镇
VILLAGE = "511803102201"

# Limits in common use; a district publishes its own.
STAGE_LIMITS = {
    "receive": {"amount": 15, "unit": "work_minute"},
    "precheck": {"amount": 30, "unit": "work_minute"},
    "dispatch": {"amount": 15, "unit": "work_minute"},
    "check": {"amount": 30, "unit": "work_minute"},
}


@dataclass(frozen=True, slots=True)
class Person:
    """One demo account with one post. `org`: an organisation code; `region`: a division code."""

    username: str
    name: str
    role: Role
    org: str
    region: str
    does: T


PEOPLE: tuple[Person, ...] = (
    Person("grid", "杨帆", Role.COLLECTOR, f"centre-{VILLAGE}", VILLAGE,
           T("网格员：发现、上报、核实", "Grid worker: finds, reports, pre-checks")),
    Person("desk", "李雯", Role.DESK, f"centre-{DISTRICT}", DISTRICT,
           T("受理员：接听、登记、立案", "Desk operator: takes calls, files")),
    Person("dispatch", "王建国", Role.DISPATCHER, f"centre-{DISTRICT}", DISTRICT,
           T("派遣员：派遣、重派", "Dispatcher: sends and reassigns")),
    Person("town", "陈思远", Role.DISPATCHER, f"centre-{TOWN}", TOWN,
           T("镇派遣员：只看本镇", "Town dispatcher: sees own town only")),
    Person("handler", "刘强", Role.HANDLER, "dept-urban_management", DISTRICT,
           T("处置人员：综合行政执法局", "Handler: urban management")),
    Person("water", "赵敏", Role.HANDLER, "dept-water", DISTRICT,
           T("处置人员：水利局", "Handler: water bureau")),
    Person("verify", "周静", Role.VERIFIER, f"centre-{DISTRICT}", DISTRICT,
           T("核查员：核查、结案", "Verifier: checks and closes")),
    Person("recheck", "唐宁", Role.VERIFIER, f"centre-{DISTRICT}", DISTRICT,
           T("核查员：复核不满意和抽查案件", "Second verifier: rechecks and spot checks")),
    Person("supervise", "孙立新", Role.SUPERVISOR, f"centre-{DISTRICT}", DISTRICT,
           T("督办员：审批、督办", "Supervisor: decides, demands")),
    Person("review", "何远山", Role.SUPERVISOR, f"centre-{DISTRICT}", DISTRICT,
           T("督办员：申诉复审", "Second supervisor: second reviews of appeals")),
    Person("mediate", "吴桂兰", Role.MEDIATOR, "dept-justice", DISTRICT,
           T("调解员：矛盾纠纷（保密）", "Mediator: confidential disputes")),
    Person("sysadmin", "郑系统", Role.SYSTEM_ADMIN, f"centre-{DISTRICT}", DISTRICT,
           T("系统管理员：区划、机构、目录、规则", "System administrator: configuration")),
    Person("secadmin", "冯安全", Role.SECURITY_ADMIN, f"centre-{DISTRICT}", DISTRICT,
           T("安全管理员：账号、岗位、令牌", "Security administrator: accounts and tokens")),
    Person("audit", "何审计", Role.AUDITOR, f"centre-{DISTRICT}", DISTRICT,
           T("审计管理员：台账审计", "Auditor: the ledger")),
)  # fmt: skip
