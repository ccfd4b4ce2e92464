"""Organisations, accounts, posts and machine tokens."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from mengding.core.actor import Role
from mengding.core.text import T
from mengding.people import desk, second
from mengding.regions.models import Region


class OrgKind(models.TextChoices):
    CENTRE = "centre", "中心"  # the 综治中心 of one tier: owns cases of its region
    DEPARTMENT = "department", "部门"
    COMPANY = "company", "企业"
    TEAM = "team", "队伍"


class Organisation(models.Model):
    """A centre, department, company or team, acting for one region.

    `department_code` ties it to the catalogue's default departments ("urban_management").
    """

    code = models.CharField("代码", max_length=40, unique=True)
    kind = models.CharField("类型", max_length=12, choices=OrgKind.choices)
    name = models.CharField("名称", max_length=80)
    name_en = models.CharField("英文名称", max_length=120, blank=True, default="")
    region = models.ForeignKey(Region, verbose_name="区划", on_delete=models.PROTECT)
    parent = models.ForeignKey(
        "self", verbose_name="上级机构", null=True, blank=True, on_delete=models.PROTECT
    )
    department_code = models.CharField("部门代码", max_length=40, blank=True, default="")
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "机构"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                name="one_centre_a_region",
                fields=["region"],
                condition=models.Q(kind="centre", active=True),
            ),
            models.UniqueConstraint(
                name="one_department_a_region",
                fields=["region", "department_code"],
                condition=~models.Q(department_code="") & models.Q(active=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AccountManager(BaseUserManager["Account"]):
    """Lets Django's own commands find accounts by name."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Case-insensitive: 'Desk1' and 'desk1' are one account."""
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """A person who signs in. What they may do hangs on their posts, not on the account."""

    username = models.CharField("账号", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    is_active = models.BooleanField("启用", default=True)
    is_demo = models.BooleanField("演示账号", default=False)
    failures = models.IntegerField("连续失败次数", default=0)
    must_change_password = models.BooleanField("须修改密码", default=False)
    locked_until = models.DateTimeField("锁定至", null=True, blank=True)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    language = models.CharField("语言", max_length=2, default="zh")

    objects = AccountManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "账号"
        ordering = ["username"]
        constraints = [models.UniqueConstraint(Lower("username"), name="account_name_once")]

    def __str__(self) -> str:
        return f"{self.name}（{self.username}）"

    @cached_property
    def administrates(self) -> Role | None:
        """Which of the three administrators the account is (the database allows only one)."""
        if not self.is_active or self.must_change_password:
            return None
        posts = Post.objects.filter(account=self, active=True, role__in=ADMINISTRATORS)
        role = posts.values_list("role", flat=True).first()
        if role and second.required([role]) and not self.second_factor:
            return None
        return Role(role) if role else None

    @property
    def second_factor(self) -> bool:
        """Whether signing in takes a second step; a query."""
        return SecondFactor.objects.filter(account=self, confirmed_at__isnull=False).exists()

    @property
    def is_staff(self) -> bool:
        """Whether the admin site lets the account in."""
        return self.administrates is not None

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's question, asked by the admin site; see `desk`."""
        return desk.permits(self.administrates, perm)

    def has_perms(self, perms: Iterable[str], obj: object = None) -> bool:
        """All of them."""
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the admin site lists an app."""
        return desk.permits_any(self.administrates, app_label)


ROLE_NAMES: dict[Role, T] = {
    Role.COLLECTOR: T("网格员", "Collector"),
    Role.DESK: T("受理员", "Desk operator"),
    Role.DISPATCHER: T("派遣员", "Dispatcher"),
    Role.HANDLER: T("处置人员", "Handler"),
    Role.VERIFIER: T("核查员", "Verifier"),
    Role.SUPERVISOR: T("督办员", "Supervisor"),
    Role.MEDIATOR: T("调解员", "Mediator"),
    Role.SYSTEM_ADMIN: T("系统管理员", "System administrator"),
    Role.SECURITY_ADMIN: T("安全管理员", "Security administrator"),
    Role.AUDITOR: T("审计管理员", "Auditor"),
}
ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
HANDLER_OR_VERIFIER = (Role.HANDLER, Role.VERIFIER)


class Post(models.Model):
    """A role held by an account in an organisation for a region."""

    account = models.ForeignKey(Account, verbose_name="账号", on_delete=models.PROTECT)
    role = models.CharField(
        "角色", max_length=16, choices=[(r.value, ROLE_NAMES[r].zh) for r in Role]
    )
    organisation = models.ForeignKey(Organisation, verbose_name="机构", on_delete=models.PROTECT)
    region = models.ForeignKey(Region, verbose_name="区划", on_delete=models.PROTECT)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="post_once", fields=["account", "role", "organisation", "region"]
            ),
            # The separations hold in the database too, whoever writes and however they race.
            ExclusionConstraint(
                name="post_one_administrator",
                expressions=[("account", "="), ("role", "<>")],
                condition=models.Q(active=True, role__in=[r.value for r in ADMINISTRATORS]),
            ),
            ExclusionConstraint(
                name="post_handler_is_no_verifier",
                expressions=[("account", "="), ("organisation", "="), ("role", "<>")],
                condition=models.Q(active=True, role__in=[r.value for r in HANDLER_OR_VERIFIER]),
            ),
        ]

    def validate_constraints(self, exclude: object = None) -> None:
        """Left to `actions.create_post`, which says in words what the database only refuses."""

    def __str__(self) -> str:
        return f"{self.account.name} {ROLE_NAMES[Role(self.role)].zh} {self.organisation.name}"


class Token(models.Model):
    """A machine's key: acts as one post, limited to its scopes. Only the digest is kept."""

    post = models.ForeignKey(Post, verbose_name="岗位", on_delete=models.PROTECT)
    name = models.CharField("名称", max_length=80)
    digest = models.BinaryField(unique=True)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="范围", default=list)
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("到期时间", null=True, blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    last_used_on = models.DateField("最近使用", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "令牌"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class SecondFactor(models.Model):
    """The second step of signing in (TOTP, RFC 6238). It counts once `confirmed_at` is set.

    `secret` is sealed for the account; `last_step` is the newest 30-second step a code was taken
    from, so that a code works once; `recovery` holds SHA-256 digests of the unused codes.
    """

    account = models.OneToOneField(
        Account, verbose_name="账号", primary_key=True, on_delete=models.PROTECT
    )
    secret = models.BinaryField()
    confirmed_at = models.DateTimeField("启用时间", null=True, blank=True)
    last_step = models.BigIntegerField(default=0)
    recovery = ArrayField(models.CharField(max_length=64), default=list, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "二次验证"

    def __str__(self) -> str:
        return str(self.account)
