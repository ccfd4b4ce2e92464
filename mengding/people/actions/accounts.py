"""Accounts: the security administrator makes, changes, closes and unlocks them."""

import re

from django.db import IntegrityError, transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people import passwords
from mengding.people.actions.checks import account_for_update, require_account, text_of
from mengding.people.models import Account, SecondFactor
from mengding.policy.permissions import require

USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,39}")


@transaction.atomic
def create_account(
    actor: Actor,
    *,
    username: str,
    name: str,
    language: str = "zh",
    password: str | None = None,
    is_demo: bool = False,
) -> tuple[Account, str]:
    """A new account and its password, to be handed over once.

    Without `password` a random one is made that must be changed at the first sign-in.
    """
    require(actor, "accounts.manage")
    if not USERNAME.fullmatch(username):
        raise Invalid(
            "username_malformed",
            T(
                "账号为2至40位字母、数字或 . _ - 。",
                "An account name has 2 to 40 letters, digits or . _ - .",
            ),
            field="username",
        )
    account = Account(
        username=username,
        name=text_of(name, "name", 40),
        language=_language(language),
        is_demo=is_demo,
        must_change_password=password is None,
        password_changed_at=clock.now(),
    )
    if password is None:
        password = passwords.one_time()
    else:
        passwords.require_good(password, account, field="password")
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise Conflict(
            "username_taken", T("账号已被使用。", "The account name is taken."), field="username"
        ) from error
    after = {"language": account.language, "demo": is_demo}
    record(actor, Entry("account", account.pk, "account.create", after=after))
    return account, password


@transaction.atomic
def update_account(actor: Actor, pk: int, *, name: str, language: str) -> Account:
    """Change name and language. The ledger notes the language only: a name is personal data."""
    account = account_for_update(pk)
    require_account(actor, account)
    before = {"language": account.language}
    account.name = text_of(name, "name", 40)
    account.language = _language(language)
    account.save(update_fields=["name", "language"])
    after = {"language": account.language}
    record(actor, Entry("account", pk, "account.update", before=before, after=after))
    return account


@transaction.atomic
def deactivate_account(actor: Actor, pk: int) -> Account:
    """Switch an account off: its sessions and tokens stop, its posts stay for the record."""
    return _switch(actor, pk, active=False)


@transaction.atomic
def activate_account(actor: Actor, pk: int) -> Account:
    """Switch an account on again."""
    return _switch(actor, pk, active=True)


@transaction.atomic
def unlock_account(actor: Actor, pk: int) -> Account:
    """End a lock before its time."""
    account = account_for_update(pk)
    require_account(actor, account)
    before = {
        "failures": account.failures,
        "until": account.locked_until.isoformat() if account.locked_until else None,
    }
    account.failures, account.locked_until = 0, None
    account.save(update_fields=["failures", "locked_until"])
    record(actor, Entry("account", pk, "account.unlock", before=before))
    return account


@transaction.atomic
def reset_password(actor: Actor, pk: int) -> str:
    """A random password, returned once, that must be changed at the next sign-in."""
    account = account_for_update(pk)
    require_account(actor, account)
    password = passwords.one_time()
    account.set_password(password)
    account.must_change_password = True
    account.password_changed_at = clock.now()
    account.failures, account.locked_until = 0, None
    account.save()
    record(actor, Entry("account", pk, "account.reset_password"))
    return password


@transaction.atomic
def reset_second_factor(actor: Actor, pk: int) -> Account:
    """Take the second step off an account whose holder lost the device; they set it up anew."""
    account = account_for_update(pk)
    require_account(actor, account)
    factor = SecondFactor.objects.filter(account=account).first()
    if factor is not None:
        factor.delete()
        record(actor, Entry("account", pk, "account.second_factor_reset"))
    return account


def _switch(actor: Actor, pk: int, *, active: bool) -> Account:
    account = account_for_update(pk)
    require_account(actor, account)
    if account.is_active != active:
        account.is_active = active
        account.save(update_fields=["is_active"])
        action = "account.activate" if active else "account.deactivate"
        record(
            actor,
            Entry("account", pk, action, before={"active": not active}, after={"active": active}),
        )
    return account


def _language(language: str) -> str:
    if language not in ("zh", "en"):
        raise Invalid(
            "language_unknown", T("语言为 zh 或 en。", "Language is zh or en."), field="language"
        )
    return language
