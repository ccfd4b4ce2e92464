"""Working on a draft class by class. A published version never changes: a draft is copied from it.

Every change names the digest of the draft it was made on, and gives the draft another one.
"""

import json
from typing import Any

from django.db import transaction

from mengding.catalogue import file, queries
from mengding.catalogue.actions.versions import (
    check_digest,
    insert,
    load_file,
    locked,
    locked_scheme,
)
from mengding.catalogue.models import CaseClass, Condition, SchemeVersion, Status
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound, WrongStage
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


@transaction.atomic
def start_draft(actor: Actor, base: SchemeVersion, name: str) -> SchemeVersion:
    """A draft called `name` with everything `base` holds; `Invalid` when the name is taken."""
    require(actor, "catalogue.manage")
    scheme = locked_scheme(base.scheme.code)
    if SchemeVersion.objects.filter(scheme=scheme, version=name).exists():
        raise Invalid(
            "catalogue_version_taken",
            T("已有版本 {v}，请换一个版本号。", "There is a version {v} already.").fill(v=name),
            field="version",
        )
    try:
        return load_file(actor, _bytes({**queries.document(base), "version": name}))
    except file.InvalidCatalogue as error:
        # The content stood the same test before: only the name can be at fault.
        raise Invalid(
            "catalogue_version_name",
            T(
                "版本号应为 1 至 20 位字母、数字和 . _ -，以字母或数字开头。",
                "A version has 1 to 20 letters, digits and . _ -, the first a letter or digit.",
            ),
            field="version",
        ) from error


@transaction.atomic
def put_class(
    actor: Actor, version: SchemeVersion, code: str, data: dict[str, Any], digest: str
) -> SchemeVersion:
    """Add or replace one class, conditions included; `data` as in a catalogue file.

    Raises `Invalid` with every problem in `errors`, each with its field ("conditions[0].zh").
    """
    version = _open(actor, version, digest)
    departments = {row["code"] for row in version.departments}
    spec, found = file.read_class(data, departments)
    problems = [(each.path.removeprefix("$."), each.text) for each in found]
    if spec.code != code and not problems:
        problems.append(("code", T("代码应为 {c}", "the code must be {c}").fill(c=code)))
    same = CaseClass.objects.filter(version=version, kind=spec.kind.value, big_code=spec.big_code)
    other = same.exclude(code=code).first()
    if other is not None and (other.big_zh, other.big_en) != (spec.big_zh, spec.big_en):
        text = T(
            "这个大类名为“{v}”，改名请用“大类改名”",
            "this big class is called “{v}”; rename it as a whole",
        )
        problems.append(("big_zh", text.fill(v=T(other.big_zh, other.big_en))))
    if problems:
        raise Invalid(
            "catalogue_class_invalid",
            T("有 {n} 处需要改正：{first}", "{n} problem(s) to mend: {first}").fill(
                n=len(problems), first=problems[0][1]
            ),
            field=problems[0][0],
            errors=[{"field": path, "detail": text} for path, text in problems],
        )
    added = not _remove(version, code)
    insert(version, (spec,))
    return _changed(actor, version, "catalogue.put_class", {"class": code, "added": added})


@transaction.atomic
def remove_class(actor: Actor, version: SchemeVersion, code: str, digest: str) -> SchemeVersion:
    """Leave a class out of the draft; cases keep the version they were filed under."""
    version = _open(actor, version, digest)
    if not _remove(version, code):
        raise NotFound(
            "class_unknown",
            T("草稿中没有 {c}", "the draft has no class {c}").fill(c=code),
            field="class_code",
        )
    if not CaseClass.objects.filter(version=version).exists():
        raise Invalid(
            "catalogue_empty",
            T("目录至少保留一个小类。", "A catalogue keeps at least one class."),
            field="code",
        )
    return _changed(actor, version, "catalogue.remove_class", {"class": code})


@transaction.atomic
def rename_big(
    actor: Actor, version: SchemeVersion, big: str, zh: str, en: str, digest: str
) -> SchemeVersion:
    """Give the big class `big` ("E01") other names, in all its classes at once."""
    version = _open(actor, version, digest)
    rows = CaseClass.objects.filter(version=version, code__startswith=big)
    if len(big) != 3 or not rows.exists():
        raise NotFound(
            "big_class_unknown",
            T("草稿中没有大类 {c}", "the draft has no big class {c}").fill(c=big),
            field="big",
        )
    for name, value, most in (("zh", zh, 40), ("en", en, 80)):
        if not value.strip() or value != value.strip() or len(value) > most:
            raise Invalid(
                "big_class_name",
                T(
                    "名称应为 1 至 {n} 个字，首尾没有空格。",
                    "A name has 1 to {n} characters and no outer spaces.",
                ).fill(n=most),
                field=name,
            )
    rows.update(big_zh=zh, big_en=en)
    return _changed(actor, version, "catalogue.rename_big", {"big": big})


@transaction.atomic
def discard(actor: Actor, version: SchemeVersion, digest: str) -> None:
    """Throw a draft away."""
    version = _open(actor, version, digest)
    pk, name = version.pk, version.version
    Condition.objects.filter(case_class__version=version).delete()
    CaseClass.objects.filter(version=version).delete()
    version.delete()
    entry = Entry(
        kind="catalogue",
        subject=pk,
        action="catalogue.discard",
        before={"version": name, "digest": digest},
        after={},
    )
    record(actor, entry)


def _open(actor: Actor, version: SchemeVersion, digest: str) -> SchemeVersion:
    require(actor, "catalogue.manage")
    locked_scheme(version.scheme.code)
    version = locked(version)
    if version.status != Status.DRAFT:
        raise WrongStage(
            "catalogue_version_published",
            T(
                "版本 {v} 已发布，内容不能更改；请新建草稿。",
                "Version {v} is published and cannot change; start a draft.",
            ).fill(v=version.version),
        )
    check_digest(version, digest)
    return version


def _remove(version: SchemeVersion, code: str) -> bool:
    Condition.objects.filter(case_class__version=version, case_class__code=code).delete()
    return bool(CaseClass.objects.filter(version=version, code=code).delete()[0])


def _changed(
    actor: Actor, version: SchemeVersion, action: str, what: dict[str, Any]
) -> SchemeVersion:
    before = version.digest
    version.digest = file.digest_of(_bytes(queries.document(version)))
    version.loaded_at = clock.now()
    version.save(update_fields=["digest", "loaded_at"])
    record(
        actor,
        Entry(
            kind="catalogue",
            subject=version.pk,
            action=action,
            before={"digest": before},
            after={**what, "digest": version.digest},
        ),
    )
    return version


def _bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
