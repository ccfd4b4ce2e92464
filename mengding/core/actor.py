"""Who acts: an account in a post, a machine token for a post, a resident, or the system."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a post does. The handler never verifies; the three administrators are separate."""

    COLLECTOR = "collector"  # 网格员 / 信息采集员
    DESK = "desk"  # 受理员 (phone desk)
    DISPATCHER = "dispatcher"  # 派遣员
    HANDLER = "handler"  # 处置人员 of a department
    VERIFIER = "verifier"  # 核查员
    SUPERVISOR = "supervisor"  # 督办员
    MEDIATOR = "mediator"  # 调解员
    SYSTEM_ADMIN = "system_admin"  # 系统管理员
    SECURITY_ADMIN = "security_admin"  # 安全管理员
    AUDITOR = "auditor"  # 审计管理员


class Level(StrEnum):
    """Levels of the division tree, top down."""

    DISTRICT = "district"
    TOWN = "town"
    VILLAGE = "village"
    GRID = "grid"


class ActorKind(StrEnum):
    STAFF = "staff"
    MACHINE = "machine"
    RESIDENT = "resident"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One acting party, resolved once per request; everything policy needs, no queries.

    `region_id`/`level` is the area of the post (None: the whole platform); `org_ids` is the
    post's organisation with everything below it; `scopes` limits a machine token (None: all).
    """

    kind: ActorKind
    account_id: int | None = None
    post_id: int | None = None
    role: Role | None = None
    org_id: int | None = None
    org_ids: frozenset[int] = frozenset()
    region_id: int | None = None
    level: Level | None = None
    scopes: frozenset[str] | None = None
    request_id: str = ""


SYSTEM = Actor(kind=ActorKind.SYSTEM)
RESIDENT = Actor(kind=ActorKind.RESIDENT)
