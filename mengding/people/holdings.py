"""What people keep about an account: itself, its posts, sessions and tokens."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from mengding.core import clock, holdings
from mengding.core.actor import Role
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.people.models import ROLE_NAMES, Account, Post, SecondFactor, Token

ADMINISTRATORS = T("本人、安全管理员、审计管理员", "You, security administrators, auditors")


def register() -> None:
    """Called once at start."""
    holdings.register("account", _account, order=10)
    holdings.register("posts", _posts, order=11)
    holdings.register("sessions", _sessions, order=12)
    holdings.register("tokens", _tokens, order=13)


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _account(account_id: int) -> Holding:
    row = Account.objects.get(pk=account_id)
    return Holding(
        code="account",
        title=T("账号", "Account"),
        purpose=T(
            "用来登录，并在记录里写明是谁办的。口令只存不可还原的摘要。",
            "To sign in, and to say in records who did it. Of the password only a digest is kept.",
        ),
        retention=T(
            "停用后保留，因为记录里写着是谁办的。",
            "Kept after it is switched off: records say who did what.",
        ),
        readers=ADMINISTRATORS,
        count=1,
        facts={
            "username": row.username,
            "name": row.name,
            "active": row.is_active,
            "language": row.language,
            "last_login": _iso(row.last_login),
            "password_changed_at": _iso(row.password_changed_at),
            "failures": row.failures,
            "second_factor": SecondFactor.objects.filter(account=row).exists(),
        },
    )


def _posts(account_id: int) -> Holding:
    rows = Post.objects.filter(account=account_id).select_related("organisation", "region")
    found = list(rows.order_by("pk"))
    return Holding(
        code="posts",
        title=T("岗位", "Posts"),
        purpose=T("决定能看什么、能做什么。", "They say what you may see and do."),
        retention=T("结束后保留，理由同账号。", "Kept after they end, as the account is."),
        readers=ADMINISTRATORS,
        count=len(found),
        facts={
            "posts": [
                {
                    "role": ROLE_NAMES[Role(row.role)].said(),
                    "organisation": row.organisation.name,
                    "region": row.region.name,
                    "active": row.active,
                }
                for row in found
            ]
        },
    )


def _sessions(account_id: int) -> Holding:
    engine = import_module(settings.SESSION_ENGINE).SessionStore
    ends = []
    # Who a session belongs to stands inside it: all that are in force are opened.
    for row in Session.objects.filter(expire_date__gt=clock.now()).iterator(chunk_size=1000):
        if engine().decode(row.session_data).get(SESSION_KEY) == str(account_id):
            ends.append(row.expire_date)
    return Holding(
        code="sessions",
        title=T("登录会话", "Sessions"),
        purpose=T("登录以后不用每次输口令。", "So that you sign in once."),
        retention=T(
            "{n} 小时后失效；退出登录即删除。", "They end after {n} hours, or when you sign out."
        ).fill(n=settings.SESSION_COOKIE_AGE // 3600),
        readers=T("没有人", "Nobody"),
        count=len(ends),
        goes_at=min(ends, default=None),
    )


def _tokens(account_id: int) -> Holding:
    rows = list(Token.objects.filter(post__account=account_id).order_by("pk"))
    return Holding(
        code="tokens",
        title=T("接口令牌", "Machine tokens"),
        purpose=T(
            "让程序以您的岗位办事。只存摘要。",
            "They let a program act in your post. Only digests are kept.",
        ),
        retention=T("吊销后保留名称和时间。", "Name and times are kept after it is revoked."),
        readers=ADMINISTRATORS,
        count=len(rows),
        oldest=min((row.created_at for row in rows), default=None),
        facts={
            "tokens": [
                {
                    "name": row.name,
                    "created_at": _iso(row.created_at),
                    "expires_at": _iso(row.expires_at),
                    "revoked_at": _iso(row.revoked_at),
                    "last_used_on": _iso(row.last_used_on),
                }
                for row in rows
            ]
        },
    )
