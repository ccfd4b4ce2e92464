"""Loading, publishing and retiring catalogue versions."""

from django.db import transaction

from mengding.catalogue import file
from mengding.catalogue.models import CaseClass, Condition, Scheme, SchemeVersion, Status
from mengding.catalogue.queries import forget_active
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.cache import changed
from mengding.core.errors import Conflict, WrongStage
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


@transaction.atomic
def load_file(actor: Actor, data: bytes) -> SchemeVersion:
    """Load a catalogue file as a draft; the same file again changes nothing.

    A draft of the same version is replaced. Raises `file.InvalidCatalogue` with every problem, or
    `Conflict` when that version is already published with other content.
    """
    require(actor, "catalogue.manage")
    parsed = file.parse(data)
    scheme = locked_scheme(parsed.scheme)
    version = SchemeVersion.objects.filter(scheme=scheme, version=parsed.version).first()
    if version is not None and version.digest == parsed.digest:
        return version
    before: dict[str, str] = {}
    if version is None:
        version = SchemeVersion(scheme=scheme, version=parsed.version)
    elif version.status != Status.DRAFT:
        raise Conflict(
            "catalogue_version_published",
            T(
                "版本 {v} 已发布，内容不能更改；请使用新的版本号。",
                "Version {v} is published and cannot change; use a new version number.",
            ).fill(v=parsed.version),
            field="version",
            published_digest=version.digest,
            offered_digest=parsed.digest,
        )
    else:
        before = {"digest": version.digest}
        Condition.objects.filter(case_class__version=version).delete()
        CaseClass.objects.filter(version=version).delete()
    version.title_zh = parsed.title_zh
    version.title_en = parsed.title_en
    version.licence = parsed.licence
    version.departments = [{"code": d.code, "zh": d.zh, "en": d.en} for d in parsed.departments]
    version.digest = parsed.digest
    version.loaded_at = clock.now()
    version.save()
    insert(version, parsed.classes)
    record(
        actor,
        Entry(
            kind="catalogue",
            subject=version.pk,
            action="catalogue.load",
            before=before,
            after={
                "scheme": scheme.code,
                "version": version.version,
                "digest": version.digest,
                "classes": len(parsed.classes),
                "conditions": sum(len(c.conditions) for c in parsed.classes),
            },
        ),
    )
    return version


@transaction.atomic
def publish(actor: Actor, version: SchemeVersion, digest: str = "") -> SchemeVersion:
    """Put `version` in force; the one before it is retired in the same transaction.

    `digest`: of the content the caller has looked at; `Conflict` when it has changed since. A
    retired version may be put back in force (a bad edition is undone this way); an active one
    is a `WrongStage`. Cases already filed keep their version either way.
    """
    require(actor, "catalogue.manage")
    scheme = locked_scheme(version.scheme.code)
    version = locked(version)
    check_digest(version, digest or version.digest)
    if version.status == Status.ACTIVE:
        raise WrongStage(
            "catalogue_already_active",
            T("该版本已在启用中。", "This version is already in force."),
        )
    current = SchemeVersion.objects.filter(scheme=scheme, status=Status.ACTIVE).first()
    if current is not None:
        _retire(actor, current)
    was = version.status
    version.status = Status.ACTIVE
    version.published_at = version.published_at or clock.now()
    version.retired_at = None
    version.save(update_fields=["status", "published_at", "retired_at"])
    _record_status(actor, version, "catalogue.publish", was)
    return version


@transaction.atomic
def retire(actor: Actor, version: SchemeVersion) -> SchemeVersion:
    """Take the active `version` out of force; `WrongStage` for any other."""
    require(actor, "catalogue.manage")
    locked_scheme(version.scheme.code)
    version = locked(version)
    if version.status != Status.ACTIVE:
        raise WrongStage(
            "catalogue_not_active",
            T("只有启用中的版本可以停用。", "Only a version in force can be retired."),
        )
    _retire(actor, version)
    return version


def check_digest(version: SchemeVersion, digest: str) -> None:
    """`Conflict` unless `version` still has the content the caller has seen."""
    if version.digest != digest:
        raise Conflict(
            "catalogue_draft_moved_on",
            T(
                "草稿已被他人修改，请重新打开后再改。",
                "Somebody else has changed the draft; open it again.",
            ),
            field="digest",
            yours={"digest": digest},
            current={"digest": version.digest},
        )


def locked_scheme(code: str) -> Scheme:
    """The scheme's row, locked: loads and publications of one scheme go one after another."""
    Scheme.objects.get_or_create(code=code)
    return Scheme.objects.select_for_update().get(code=code)


def locked(version: SchemeVersion) -> SchemeVersion:
    """The version as it is now, locked."""
    rows = SchemeVersion.objects.select_for_update(of=("self",)).select_related("scheme")
    return rows.get(pk=version.pk)


def _retire(actor: Actor, version: SchemeVersion) -> None:
    version.status = Status.RETIRED
    version.retired_at = clock.now()
    version.save(update_fields=["status", "retired_at"])
    _record_status(actor, version, "catalogue.retire", Status.ACTIVE)


def _record_status(actor: Actor, version: SchemeVersion, action: str, was: str) -> None:
    changed(forget_active)
    record(
        actor,
        Entry(
            kind="catalogue",
            subject=version.pk,
            action=action,
            before={"status": str(was)},
            after={"status": str(version.status), "digest": version.digest},
        ),
    )


def insert(version: SchemeVersion, specs: tuple[file.ClassSpec, ...]) -> None:
    """Rows of the classes and their conditions."""
    rows = CaseClass.objects.bulk_create(
        CaseClass(
            version=version,
            code=spec.code,
            kind=spec.kind.value,
            big_code=spec.big_code,
            big_zh=spec.big_zh,
            big_en=spec.big_en,
            small_code=spec.small_code,
            zh=spec.zh,
            en=spec.en,
            keywords_zh=list(spec.keywords_zh),
            grade=spec.grade.value,
            public=spec.public,
            confidential=spec.confidential,
            default_department=spec.default_department,
            description_zh=spec.description_zh,
        )
        for spec in specs
    )
    Condition.objects.bulk_create(
        Condition(
            case_class=row,
            code=condition.code,
            filing_zh=condition.filing_zh,
            filing_en=condition.filing_en,
            closing_zh=condition.closing_zh,
            closing_en=condition.closing_en,
            limit_amount=condition.limit_amount,
            limit_unit=condition.limit_unit.value,
            grade=condition.grade.value if condition.grade else "",
        )
        for row, spec in zip(rows, specs, strict=True)
        for condition in spec.conditions
    )
