"""Changing standard texts."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.phrases import queries
from mengding.phrases.models import Phrase
from mengding.phrases.variables import VARIABLES, unknown
from mengding.policy.permissions import require

DEFAULT = Path(__file__).parent / "data" / "default.json"
LONGEST = 1000
_CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")


@dataclass(frozen=True, slots=True)
class PhraseData:
    """What a text is made of. `code` empty: one is made from the verb."""

    verb: str
    title_zh: str
    text_zh: str
    title_en: str = ""
    text_en: str = ""
    code: str = ""
    organisation: int | None = None

    def check(self) -> None:
        """Raise `Invalid` naming the field at fault."""
        queries.known_use(self.verb)
        if self.code and not _CODE.match(self.code):
            raise Invalid(
                "code_bad",
                T(
                    "代码只能用小写字母、数字、横线和下划线，最多 40 个。",
                    "A code is made of small letters, digits, - and _, at most 40.",
                ),
                field="code",
            )
        for field, longest in (("title_zh", 60), ("title_en", 120)):
            _fits(field, getattr(self, field), longest)
        for field in ("text_zh", "text_en"):
            _fits(field, getattr(self, field), LONGEST)
            if strange := unknown(getattr(self, field)):
                raise Invalid(
                    "variable_unknown",
                    T(
                        "没有变量 {names}；可用的有 {known}。",
                        "There is no variable {names}; known are {known}.",
                    ).fill(
                        names="、".join(n if n in "{}" and n else f"{{{n}}}" for n in strange),
                        known="、".join(f"{{{name}}}" for name in VARIABLES),
                    ),
                    field=field,
                )
        if self.organisation is not None and people.organisation(self.organisation) is None:
            raise Invalid(
                "organisation_unknown",
                T("没有这个机构。", "There is no such organisation."),
                field="organisation",
            )


def _fits(field: str, value: str, longest: int) -> None:
    if field.endswith("_zh") and not value.strip():
        raise Invalid("text_missing", T("请填写。", "Please fill this in."), field=field)
    if len(value) > longest:
        raise Invalid(
            "text_long",
            T("不能超过 {n} 字。", "At most {n} characters.").fill(n=longest),
            field=field,
        )


def _may(actor: Actor, organisation: int | None) -> None:
    require(actor, "phrases.edit")
    if not queries.manageable(actor, organisation):
        raise NotAllowed(
            "not_allowed",
            T(
                "只能维护本区域机构的用语。",
                "You may change texts of organisations in your area only.",
            ),
            action="phrases.edit",
        )


@transaction.atomic
def create(actor: Actor, data: PhraseData) -> Phrase:
    """A new text. Raises `Invalid` naming the field, `Conflict` when the code is taken."""
    _may(actor, data.organisation)
    data.check()
    code = data.code or _next_code(data.verb)
    if Phrase.objects.filter(code=code).exists():
        raise Conflict(
            "code_taken",
            T("代码 {code} 已被使用。", "The code {code} is taken.").fill(code=code),
            field="code",
        )
    row = Phrase(code=code)
    _put(row, data)
    row.save(force_insert=True)
    _record(actor, row, "phrase.create")
    return row


def _next_code(verb: str) -> str:
    """`reply-7` after six replies; numbers of retired texts are not used again."""
    taken = set(Phrase.objects.filter(code__startswith=f"{verb}-").values_list("code", flat=True))
    number = len(taken) + 1
    while f"{verb}-{number}" in taken:
        number += 1
    return f"{verb}-{number}"


def _put(row: Phrase, data: PhraseData) -> None:
    row.verb, row.organisation_id = data.verb, data.organisation
    row.title_zh, row.title_en = data.title_zh.strip(), data.title_en.strip()
    row.text_zh, row.text_en = data.text_zh.strip(), data.text_en.strip()
    row.updated_at = clock.now()


def _record(
    actor: Actor, row: Phrase, action: str, before: dict[str, object] | None = None
) -> None:
    record(
        actor,
        Entry(
            kind="phrase",
            subject=row.pk,
            action=action,
            before=before or {},
            after={
                "code": row.code,
                "verb": row.verb,
                "organisation": row.organisation_id,
                "active": row.active,
                "version": row.version,
            },
            digest=hashlib.sha256(
                "\n".join((row.title_zh, row.title_en, row.text_zh, row.text_en)).encode()
            ).digest(),
        ),
    )


def _locked(actor: Actor, phrase_id: int, version: int | None) -> Phrase:
    """The row, locked, in the version the caller has seen."""
    require(actor, "phrases.edit")
    queries.one(phrase_id)
    row = Phrase.objects.select_for_update().get(pk=phrase_id)
    _may(actor, row.organisation_id)
    if version is not None and version != row.version:
        raise Conflict(
            "version_conflict",
            T(
                "用语已被他人更新（您看到的是第 {yours} 版，现在是第 {current} 版）。",
                "The text has changed (you saw version {yours}, it is now {current}).",
            ).fill(yours=version, current=row.version),
            yours={"version": version},
            current={"version": row.version},
        )
    return row


@transaction.atomic
def update(actor: Actor, phrase_id: int, data: PhraseData, *, version: int | None = None) -> Phrase:
    """Replace a text; its code is fixed. Words already used in cases stay as they were."""
    row = _locked(actor, phrase_id, version)
    _may(actor, data.organisation)
    if data.code and data.code != row.code:
        raise Invalid("code_fixed", T("代码不能更改。", "A code cannot change."), field="code")
    data.check()
    before: dict[str, object] = {"version": row.version, "organisation": row.organisation_id}
    _put(row, data)
    row.version += 1
    row.save()
    _record(actor, row, "phrase.update", before)
    return row


@transaction.atomic
def set_active(actor: Actor, phrase_id: int, *, active: bool, version: int | None = None) -> Phrase:
    """Retire a text, or bring it back; nothing happens when it is so already."""
    row = _locked(actor, phrase_id, version)
    if row.active == active:
        return row
    row.active, row.updated_at = active, clock.now()
    row.version += 1
    row.save(update_fields=["active", "version", "updated_at"])
    _record(actor, row, "phrase.restore" if active else "phrase.retire", {"active": not active})
    return row


@transaction.atomic
def install_default(actor: Actor) -> int:
    """Create the bundled texts that are not there yet; returns how many."""
    known = set(Phrase.objects.values_list("code", flat=True))
    made = 0
    for each in json.loads(DEFAULT.read_text(encoding="utf-8")):
        if each["code"] not in known:
            create(actor, PhraseData(**each))
            made += 1
    return made
