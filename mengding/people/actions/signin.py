"""Signing in with a password and out, the chosen post, one's own password.

Failures are counted on the account's row under its lock, so parallel guesses cannot slip past the
limit. The answer to every refusal is the same: it never tells whether the account exists.
"""

from datetime import timedelta

from django.contrib.auth import HASH_SESSION_KEY, login, logout
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, ActorKind
from mengding.core.errors import Invalid, NotAllowed, NotSignedIn
from mengding.core.text import T
from mengding.http.idempotency import keep_on_refusal
from mengding.http.request import actor_of, request_id_of
from mengding.ledger.actions import Entry, record
from mengding.people import passwords, queries
from mengding.people.models import Account, Post
from mengding.people.queries.identity import POST_KEY

FAILURES = 5
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)
BACKEND = "mengding.people.backends.Locking"


def sign_in(request: HttpRequest, username: str, password: str) -> Account:
    """Check the password, and open a session unless `Account.second_factor` asks for a code.

    `NotSignedIn("sign_in_failed")` for every refusal, whatever its reason.
    """
    # A refusal must not roll back the failure it counted when it carries a key.
    keep_on_refusal(request)
    request_id = request_id_of(request)
    account = verify(username, password, request_id=request_id)
    if account is None:
        raise NotSignedIn(
            "sign_in_failed",
            T(
                "账号或密码不正确。连续失败多次后账号会被暂时锁定，请稍后再试或联系安全管理员。",
                "Wrong account name or password. After repeated failures an account is locked for"
                " a while: try again later or ask your security administrator.",
            ),
        )
    if not account.second_factor:
        login(request, account, backend=BACKEND)
    return account


def verify(username: str, password: str, *, request_id: str = "") -> Account | None:
    """The active, unlocked account with this password, else None; counts, locks and records.

    Not inside a transaction that may roll back: a failure must stay counted.
    """
    system = Actor(kind=SYSTEM.kind, request_id=request_id)
    with transaction.atomic():
        found = Account.objects.select_for_update().filter(username__iexact=username)
        account = found.first() if "\0" not in username else None
        if account is None:
            make_password(password)  # the time a known account would have taken
            record(system, Entry("account", 0, "account.sign_in_unknown"))
            return None
        right = account.check_password(password)
        if not account.is_active or is_locked(account):
            reason = "locked" if account.is_active else "inactive"
            record(
                system,
                Entry("account", account.pk, "account.sign_in_refused", after={"reason": reason}),
            )
            return None
        if not right:
            count_failure(account, system)
            return None
        own = Actor(kind=ActorKind.STAFF, account_id=account.pk, request_id=request_id)
        if account.second_factor:
            # Failures stay counted: the right password must not buy more guesses of the code.
            record(own, Entry("account", account.pk, "account.password_right"))
            return account
        before = account.failures
        if before or account.locked_until:
            account.failures, account.locked_until = 0, None
            account.save(update_fields=["failures", "locked_until"])
        record(own, Entry("account", account.pk, "account.sign_in", before={"failures": before}))
        return account


def is_locked(account: Account) -> bool:
    """Whether the account is locked just now."""
    return account.locked_until is not None and account.locked_until > clock.now()


def count_failure(account: Account, actor: Actor) -> None:
    """One wrong password: every fifth in a row locks, 15 minutes first, then twice as long."""
    account.failures += 1
    events = [
        Entry("account", account.pk, "account.sign_in_failed", after={"failures": account.failures})
    ]
    rounds, rest = divmod(account.failures, FAILURES)
    if rest == 0:
        # Ten doublings are far beyond the longest lock already.
        account.locked_until = clock.now() + min(
            LONGEST_LOCK, FIRST_LOCK * 2 ** min(rounds - 1, 10)
        )
        events.append(
            Entry(
                "account",
                account.pk,
                "account.lock",
                after={"until": account.locked_until.isoformat()},
            )
        )
    account.save(update_fields=["failures", "locked_until"])
    record(actor, *events)


def sign_out(request: HttpRequest) -> None:
    """Close the session, where there is one; `signals` records it."""
    logout(request)


def switch_post(request: HttpRequest, post_id: int) -> None:
    """Act in another of one's own active posts from the next request on."""
    actor = signed_in(request)
    assert actor.account_id is not None
    if not Post.objects.filter(pk=post_id, account=actor.account_id, active=True).exists():
        raise Invalid(
            "post_not_yours",
            T("这不是您的有效岗位。", "This is not an active post of yours."),
            field="post",
        )
    with transaction.atomic():
        record(
            actor,
            Entry(
                "account",
                actor.account_id,
                "account.switch_post",
                before={"post": actor.post_id},
                after={"post": post_id},
            ),
        )
        request.session[POST_KEY] = post_id


def change_password(request: HttpRequest, old: str, new: str) -> None:
    """Replace one's own password; other sessions of the account end.

    A wrong old password counts like a failed sign-in. `Invalid` names `old_password` or
    `new_password`.
    """
    actor = signed_in(request)
    keep_on_refusal(request)
    account = replace_password(actor, old, new)
    # Not Django's update_session_auth_hash: it asks for `request.user`, which is only loaded now
    # and no longer fits the session.
    request.session.cycle_key()
    request.session[HASH_SESSION_KEY] = account.get_session_auth_hash()


def replace_password(actor: Actor, old: str, new: str) -> Account:
    """`change_password` without the session."""
    assert actor.account_id is not None
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=actor.account_id)
        right = account.check_password(old)
        locked = is_locked(account)
        if right and not locked:
            if old == new:
                raise Invalid(
                    "password_same",
                    T("新密码不能与原密码相同。", "The new password must differ from the old one."),
                    field="new_password",
                )
            passwords.require_good(new, account)
            account.set_password(new)
            account.must_change_password = False
            account.password_changed_at = clock.now()
            account.failures, account.locked_until = 0, None
            account.save()
            record(actor, Entry("account", account.pk, "account.change_password"))
            return account
        if not locked:
            count_failure(account, actor)
    raise Invalid(
        "old_password_wrong",
        T("原密码不正确，或账号已被锁定。", "Wrong old password, or the account is locked."),
        field="old_password",
    )


def _of_session(request: HttpRequest) -> Actor | None:
    return queries.actor_for_session(request.session, request_id_of(request))


def signed_in(request: HttpRequest) -> Actor:
    """Who is signed in with a session; a token is refused."""
    asked = actor_of(request)
    if asked is not None and asked.kind is ActorKind.MACHINE:
        raise NotAllowed("session_only", T("仅限登录会话。", "Only from a signed-in session."))
    actor = _of_session(request)
    if actor is None:
        raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
    return actor
