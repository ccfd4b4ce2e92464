"""Changing the routing rules: save, discard, publish a draft, bring an old version back as one."""

import json
from pathlib import Path

from django.db import connection, transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.routing import file, queries
from mengding.routing.models import RuleSet, Status

DEFAULT_RULES = Path(__file__).parent / "data" / "default.json"


@transaction.atomic
def save_draft(actor: Actor, data: object, revision: int | None = None) -> RuleSet:
    """Check `data` (a rule file's JSON) and keep it as the draft.

    `revision`: that of the draft the caller changed, None when there was none. Raises `Invalid`
    with every problem, `Conflict` when the draft has moved on in the meantime.
    """
    require(actor, "routing.manage")
    _one_writer()
    return _keep(actor, data, revision, "routing.save_draft", None)


@transaction.atomic
def restore(actor: Actor, version: int, revision: int | None = None) -> RuleSet:
    """Copy an earlier version into the draft, to be published as a new version.

    `revision` as in `save_draft`: an existing draft is only replaced by who has seen it. Raises
    `Invalid` when the old rules name codes that no longer exist.
    """
    require(actor, "routing.manage")
    _one_writer()
    return _keep(actor, queries.rule_set(version).rules, revision, "routing.restore", version)


@transaction.atomic
def publish(actor: Actor, version: int, revision: int) -> RuleSet:
    """Put the draft into force and retire the version in force.

    Checked once more: a code may have gone since the draft was saved. Raises `Conflict` when it
    is no longer that draft, e.g. because somebody else has just published it.
    """
    require(actor, "routing.manage")
    _one_writer()
    draft = RuleSet.objects.filter(version=version).first()
    if draft is None:
        raise NotFound("rule_set_unknown", T("没有这个版本。", "There is no such version."))
    if draft.status != Status.DRAFT or draft.revision != revision:
        raise _moved_on(draft, revision)
    file.load(draft.rules, queries.known_codes())
    at = clock.now()
    before = RuleSet.objects.filter(status=Status.ACTIVE).first()
    if before is not None:
        before.status, before.retired_at = Status.RETIRED, at
        before.save(update_fields=["status", "retired_at"])
    draft.status, draft.published_at = Status.ACTIVE, at
    draft.save(update_fields=["status", "published_at"])
    record(
        actor,
        Entry(
            kind="routing",
            subject=draft.pk,
            action="routing.publish",
            before={"active": before.version if before else None},
            after={"active": draft.version, "revision": draft.revision},
        ),
    )
    # Now, so that the writer reads what it wrote; at commit, because another thread may have
    # remembered the old version in between.
    queries.forget()
    transaction.on_commit(queries.forget)
    return draft


@transaction.atomic
def discard(actor: Actor, revision: int) -> None:
    """Throw the draft away. Raises `Conflict` when it is no longer the one the caller has seen."""
    require(actor, "routing.manage")
    _one_writer()
    draft = RuleSet.objects.filter(status=Status.DRAFT).first()
    if draft is None or draft.revision != revision:
        raise _moved_on(draft, revision)
    before = {"version": draft.version, "revision": draft.revision}
    record(
        actor,
        Entry(kind="routing", subject=draft.pk, action="routing.discard", before=before, after={}),
    )
    draft.delete()


@transaction.atomic
def install_default(actor: Actor) -> RuleSet | None:
    """Publish the rules that come with the product, unless there are any already (then None).

    After the catalogue: the rules name its codes.
    """
    require(actor, "routing.manage")
    _one_writer()
    if RuleSet.objects.exists():
        return None
    data = json.loads(DEFAULT_RULES.read_text(encoding="utf-8"))
    draft = save_draft(actor, data)
    return publish(actor, draft.version, draft.revision)


def _one_writer() -> None:
    """Writers of the rules queue up: they are few, and each then sees what the other did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mengding.routing'))")


def _keep(
    actor: Actor,
    data: object,
    revision: int | None,
    action: str,
    copied_from: int | None,
) -> RuleSet:
    rules = file.load(data, queries.known_codes())
    draft = RuleSet.objects.filter(status=Status.DRAFT).first()
    if (draft.revision if draft else None) != revision:
        raise _moved_on(draft, revision)
    before = {} if draft is None else {"revision": draft.revision, "rules": len(_listed(draft))}
    if draft is None:
        newest = RuleSet.objects.order_by("-version").first()
        draft = RuleSet(version=newest.version + 1 if newest else 1, revision=0)
    draft.rules = file.dump(rules)
    draft.revision += 1
    draft.copied_from = copied_from
    draft.saved_at = clock.now()
    draft.save()
    record(
        actor,
        Entry(
            kind="routing",
            subject=draft.pk,
            action=action,
            before=before,
            after={
                "version": draft.version,
                "revision": draft.revision,
                "rules": len(rules),
                "copied_from": copied_from,
            },
        ),
    )
    return draft


def _listed(draft: RuleSet) -> list[object]:
    rules: list[object] = draft.rules["rules"]
    return rules


def _moved_on(current: RuleSet | None, revision: int | None) -> Conflict:
    return Conflict(
        "draft_moved_on",
        T(
            "草稿已被他人保存或发布，请重新打开后再改。",
            "Somebody else has saved or published the draft; open it again.",
        ),
        field="revision",
        yours={"revision": revision},
        current=None
        if current is None
        else {
            "version": current.version,
            "status": current.status,
            "revision": current.revision,
        },
    )
