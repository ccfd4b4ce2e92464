"""Changing the task catalogue: each change is a new version."""

import hashlib
import json
from typing import Any

from django.db import connection, transaction

from mengding.catalogue import queries as classes
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.cache import changed
from mengding.core.errors import Conflict, Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.tasks.catalogue import Catalogue, bundled, parse
from mengding.tasks.models import Edition
from mengding.tasks.queries import editions as queries

_LOCK = 5118034  # one maker of editions at a time


@transaction.atomic
def publish(actor: Actor, document: dict[str, Any], *, base: int | None) -> Edition:
    """Put a whole document in force as the next version. `base`: the version it was made from.

    Raises `Invalid` naming the path of what is wrong, `Conflict` when another version came first.
    """
    require(actor, "tasks.configure")
    found = parse(document)
    _check_classes(found)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    newest = Edition.objects.order_by("-version").first()
    current = newest.version if newest else 0
    if base is not None and base != current:
        raise Conflict(
            "version_conflict",
            T(
                "任务目录已更新（您看到的是第 {yours} 版，现在是第 {current} 版）。",
                "The catalogue has changed (you saw version {yours}, it is now {current}).",
            ).fill(yours=base, current=current),
            yours={"version": base},
            current={"version": current},
        )
    if newest is not None and newest.document == document:
        return newest
    row = Edition.objects.create(
        version=current + 1, document=document, made_at=clock.now(), made_by=actor.account_id
    )
    record(
        actor,
        Entry(
            kind="task_edition",
            subject=row.version,
            action="task_edition.publish",
            before={"version": current},
            after={"version": row.version, "kinds": [kind.code for kind in found.kinds]},
            digest=hashlib.sha256(
                json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
            ).digest(),
        ),
    )
    changed(queries.forget)
    return row


def _check_classes(found: Catalogue) -> None:
    """Every class a failed item becomes a case of must be in the case catalogue."""
    known = {each.code for each in classes.classes(classes.active_version())}
    for n, checklist in enumerate(found.checklists):
        for m, item in enumerate(checklist.items):
            if item.class_code not in known:
                raise _no_class(f"checklists.{n}.items.{m}.class_code", item.class_code)
    if found.care.service_class not in known:
        raise _no_class("care.service_class", found.care.service_class)


def _no_class(field: str, code: str) -> Invalid:
    return Invalid(
        "class_unknown",
        T("事项目录中没有类别 {code}。", "The case catalogue has no class {code}.").fill(code=code),
        field=field,
    )


@transaction.atomic
def put_part(actor: Actor, part: str, code: str, data: dict[str, Any], *, base: int) -> Edition:
    """Replace or add one kind, place kind or checklist by its code; the rest stays."""
    document = json.loads(json.dumps(queries.document()))
    data = {**data, "code": code}
    held = [each for each in document[part] if each["code"] == code]
    if held:
        document[part] = [data if each["code"] == code else each for each in document[part]]
    else:
        document[part].append(data)
    return publish(actor, document, base=base)


def install_default(actor: Actor) -> Edition:
    """The bundled document as the first version, where there is none yet."""
    newest = Edition.objects.order_by("-version").first()
    return newest or publish(actor, bundled(), base=0)
