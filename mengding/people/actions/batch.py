"""First accounts from a list: all of them with their posts, or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from mengding.core.actor import Actor, Role
from mengding.core.errors import DomainError, Invalid
from mengding.core.text import T
from mengding.people.actions.accounts import create_account
from mengding.people.actions.posts import create_post
from mengding.policy.permissions import require

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """One line of the list: an account and its post. `region` defaults to the organisation's."""

    username: str
    name: str
    role: str
    organisation: int
    region: int | None = None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong with one line, counted from 0."""

    row: int
    field: str | None
    code: str
    text: T


@dataclass(frozen=True, slots=True)
class Welcomed:
    """One new account and its first password, to be handed over once."""

    account: int
    username: str
    name: str
    password: str


@transaction.atomic
def create_accounts(actor: Actor, rows: Sequence[Newcomer]) -> list[Welcomed]:
    """Accounts with a post each; raises `Invalid` with `slips` and writes nothing otherwise."""
    require(actor, "accounts.manage")
    if not 0 < len(rows) <= MOST:
        text = T("一次 1 至 {n} 个账号。", "From 1 to {n} accounts at a time.").fill(n=MOST)
        raise Invalid("rows_count", text, field="rows")
    slips: list[Slip] = []
    made: dict[int, Welcomed] = {}
    # The security administrator last: with one of its own, a new district is closed to others.
    order = sorted(range(len(rows)), key=lambda n: rows[n].role == Role.SECURITY_ADMIN)
    for number in order:
        row = rows[number]
        try:
            with transaction.atomic():
                account, password = create_account(
                    actor, username=row.username, name=row.name, language=row.language
                )
                create_post(
                    actor,
                    account=account.pk,
                    role=row.role,
                    organisation=row.organisation,
                    region=row.region,
                )
        except DomainError as error:
            slips.append(Slip(number, error.field, error.code, error.text))
        else:
            made[number] = Welcomed(account.pk, account.username, account.name, password)
    if slips:
        text = T("{n} 行有误，没有建立任何账号。", "{n} lines are wrong; no account was made.")
        raise Invalid(
            "rows_refused",
            text.fill(n=len(slips)),
            field="rows",
            slips=[
                {"row": s.row, "field": s.field, "code": s.code, "text": s.text.said()}
                for s in sorted(slips, key=lambda s: s.row)
            ],
        )
    return [made[number] for number in sorted(made)]
