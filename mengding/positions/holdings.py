"""What positions keep about an account."""

from datetime import timedelta

from django.utils import timezone

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.holdings import Look as Seen
from mengding.core.text import T
from mengding.positions import config, queries
from mengding.positions.models import Device, Looked


def register() -> None:
    """Called once at start."""
    holdings.register("positions", _positions, order=40)
    holdings.register("position_devices", _devices, order=41)


def _positions(account_id: int) -> Holding:
    count, oldest = queries.counted(account_id)
    goes_at = None
    if oldest:
        goes_at = queries.start_of(timezone.localdate(oldest) + timedelta(days=config.DAYS + 1))
    looks = Looked.objects.filter(account=account_id).order_by("-id")
    return Holding(
        code="positions",
        title=T("在岗期间的位置", "Positions while on duty"),
        purpose=T(
            "调度就近处置，事后核对经过。只在您上岗期间保存：地点、时间、精度、是否模拟定位。",
            "To send who is near, and to look into what happened. Kept inside your duty time only: "
            "place, time, accuracy, whether simulated.",
        ),
        retention=T("{n} 天，到期整日删除", "{n} days, then whole days are deleted").fill(
            n=config.DAYS
        ),
        readers=T(
            "在岗时：本区域派遣员、督办员看最新位置。路线：写明事由的督办员，您可看到每一次。",
            "On duty: dispatchers and supervisors of the area see the newest. The way: supervisors "
            "who state a reason, and you see each time.",
        ),
        count=count,
        oldest=oldest,
        goes_at=goes_at,
        looks=tuple(
            Seen(at, by, why)
            for at, by, why in looks.values_list(
                "look__at", "look__account__name", "look__words__text"
            )[:50]
        ),
    )


def _devices(account_id: int) -> Holding:
    rows = Device.objects.filter(account=account_id)
    names = [row.name for row in rows.filter(revoked_at=None)]
    return Holding(
        code="position_devices",
        title=T("您连接的定位设备", "Devices you connected"),
        purpose=T(
            "让您自己选择的客户端替您上报位置；只存名称和密钥摘要。",
            "So that a client of your choice sends for you; its name and a digest of its secret.",
        ),
        retention=T("撤销后仍留名称，密钥即刻失效", "The name stays; a revoked secret is void"),
        readers=T("本人", "You"),
        count=rows.count(),
        facts={"devices": names},
    )
