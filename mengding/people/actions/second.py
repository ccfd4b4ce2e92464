"""The second step: signing in with a code, setting it up, removing it.

A session begins with the code, not before it: between the two steps the browser holds a signed
ticket of five minutes. Wrong codes count like wrong passwords, under the account's row lock, so a
code is taken once however many connections bring it.
"""

from dataclasses import dataclass

from django.contrib.auth import login
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, ActorKind
from mengding.core.errors import Conflict, Invalid, NotSignedIn
from mengding.core.text import T
from mengding.http.idempotency import keep_on_refusal
from mengding.http.request import request_id_of
from mengding.ledger.actions import Entry, record
from mengding.people import second
from mengding.people.actions.signin import BACKEND, count_failure, is_locked, signed_in
from mengding.people.models import Account, Post, SecondFactor

TICKET_AGE = 300  # s
_SALT = "people.second"
_WRONG = T(
    "验证码不正确、已用过，或账号已被锁定。",
    "The code is wrong or was used before, or the account is locked.",
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs; shown until it is confirmed."""

    secret: str
    uri: str
    qr: str  # SVG


def ticket_for(account: Account) -> str:
    """Proof that the password was right: for this account, until it changes, five minutes long."""
    return signing.dumps([account.pk, account.get_session_auth_hash()], salt=_SALT)


def second_step(request: HttpRequest, ticket: str, code: str) -> Account:
    """Open the session. `NotSignedIn`: `ticket_expired`, or `code_wrong` on field `code`."""
    keep_on_refusal(request)
    with transaction.atomic():
        account, factor = _of_ticket(ticket)
        system = Actor(kind=SYSTEM.kind, request_id=request_id_of(request))
        how = _taken(account, factor, code, system)
        if how is not None:
            before = account.failures
            account.failures, account.locked_until = 0, None
            account.save(update_fields=["failures", "locked_until"])
            own = Actor(
                kind=ActorKind.STAFF, account_id=account.pk, request_id=request_id_of(request)
            )
            record(
                own,
                Entry(
                    "account",
                    account.pk,
                    "account.sign_in",
                    before={"failures": before},
                    after={"second": how},
                ),
            )
    if how is None:
        raise NotSignedIn("code_wrong", _WRONG, field="code")
    login(request, account, backend=BACKEND)
    return account


def begin_second_factor(request: HttpRequest, password: str) -> Enrolment:
    """A new secret for one's own account; it counts once confirmed. `Invalid` names `password`."""
    actor = signed_in(request)
    keep_on_refusal(request)
    with transaction.atomic():
        account = _own(actor)
        right = not is_locked(account) and account.check_password(password)
        if right:
            _not_yet(account)
            secret = second.new_secret()
            sealed = second.sealed(secret, account.pk)
            SecondFactor.objects.update_or_create(
                account=account, defaults={"secret": sealed, "last_step": 0, "recovery": []}
            )
            record(actor, Entry("account", account.pk, "account.second_factor_begin"))
        elif not is_locked(account):
            count_failure(account, actor)
    if not right:
        raise Invalid(
            "password_wrong",
            T("密码不正确，或账号已被锁定。", "Wrong password, or the account is locked."),
            field="password",
        )
    uri = second.address(secret, account.username)
    return Enrolment(secret=secret, uri=uri, qr=second.picture(uri))


@transaction.atomic
def confirm_second_factor(request: HttpRequest, code: str) -> list[str]:
    """Switch it on with a first code; the recovery codes, returned once."""
    actor = signed_in(request)
    account = _own(actor)
    _not_yet(account)
    factor = SecondFactor.objects.filter(account=account).first()
    if factor is None:
        raise Conflict(
            "enrolment_missing", T("请先开始设置。", "Begin the setup first."), field="code"
        )
    secret = second.opened(factor.secret, account.pk)
    step = second.fitting_step(secret, second.normal(code), clock.now(), factor.last_step)
    if step is None:
        raise Invalid(
            "code_wrong",
            T(
                "验证码不正确。请确认手机时间准确，再输入当前显示的 6 位数字。",
                "Wrong code. Check the clock of your phone and type the 6 digits it shows now.",
            ),
            field="code",
        )
    codes = second.new_recovery()
    factor.confirmed_at, factor.last_step = clock.now(), step
    factor.recovery = [second.recovery_digest(each) for each in codes]
    factor.save()
    record(actor, Entry("account", account.pk, "account.second_factor_on"))
    return codes


def renew_recovery_codes(request: HttpRequest, code: str) -> list[str]:
    """Fresh recovery codes, returned once; the old ones end. `Invalid` names `code`."""
    actor = signed_in(request)
    keep_on_refusal(request)
    codes = second.new_recovery()
    with transaction.atomic():
        account, factor = _enrolled(actor)
        right = _taken(account, factor, code, actor) is not None
        if right:
            factor.recovery = [second.recovery_digest(each) for each in codes]
            factor.save(update_fields=["recovery"])
            record(actor, Entry("account", account.pk, "account.recovery_renew"))
    if not right:
        raise Invalid("code_wrong", _WRONG, field="code")
    return codes


def remove_second_factor(request: HttpRequest, code: str) -> None:
    """Switch one's own off; `Conflict` where a post of the account requires it."""
    actor = signed_in(request)
    keep_on_refusal(request)
    with transaction.atomic():
        account, factor = _enrolled(actor)
        roles = Post.objects.filter(account=account, active=True).values_list("role", flat=True)
        if second.required(roles):
            raise Conflict(
                "second_factor_required",
                T("您的岗位必须使用二次验证。", "Your post requires the second step."),
                field="code",
            )
        right = _taken(account, factor, code, actor) is not None
        if right:
            factor.delete()
            record(actor, Entry("account", account.pk, "account.second_factor_off"))
    if not right:
        raise Invalid("code_wrong", _WRONG, field="code")


def _of_ticket(ticket: str) -> tuple[Account, SecondFactor]:
    expired = NotSignedIn(
        "ticket_expired",
        T("登录已超时，请重新输入密码。", "This took too long: enter your password again."),
    )
    try:
        pk, session_hash = signing.loads(ticket, salt=_SALT, max_age=TICKET_AGE)
    except signing.BadSignature as error:
        raise expired from error
    account = Account.objects.select_for_update().filter(pk=pk, is_active=True).first()
    if account is None or not constant_time_compare(account.get_session_auth_hash(), session_hash):
        raise expired
    factor = SecondFactor.objects.filter(account=account, confirmed_at__isnull=False).first()
    if factor is None:  # reset in between: the password is asked again
        raise expired
    return account, factor


def _own(actor: Actor) -> Account:
    return Account.objects.select_for_update().get(pk=actor.account_id or 0)


def _not_yet(account: Account) -> None:
    if account.second_factor:
        raise Conflict(
            "second_factor_on",
            T("二次验证已启用。", "The second step is already switched on."),
        )


def _enrolled(actor: Actor) -> tuple[Account, SecondFactor]:
    account = _own(actor)
    factor = SecondFactor.objects.filter(account=account, confirmed_at__isnull=False).first()
    if factor is None:
        raise Conflict(
            "second_factor_off",
            T("二次验证没有启用。", "The second step is not switched on."),
            field="code",
        )
    return account, factor


def _taken(account: Account, factor: SecondFactor, code: str, actor: Actor) -> str | None:
    """How the code fits ("totp" or "recovery"), and it is used up; None counts as a failure.

    The account's row is locked by the caller.
    """
    if is_locked(account):
        after = {"reason": "locked"}
        record(actor, Entry("account", account.pk, "account.sign_in_refused", after=after))
        return None
    typed = second.normal(code)
    secret = second.opened(factor.secret, account.pk)
    step = second.fitting_step(secret, typed, clock.now(), factor.last_step)
    if step is not None:
        factor.last_step = step
        factor.save(update_fields=["last_step"])
        return "totp"
    digest = second.recovery_digest(typed)
    if digest in factor.recovery:
        factor.recovery = [each for each in factor.recovery if each != digest]
        factor.save(update_fields=["recovery"])
        left = {"left": len(factor.recovery)}
        record(actor, Entry("account", account.pk, "account.recovery_used", after=left))
        return "recovery"
    count_failure(account, actor)
    return None
