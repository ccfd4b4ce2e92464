"""Every write on saved filters. The ledger gets which parameters a filter has, not their values:
a value may be somebody's words."""

from typing import Any

from django.db import IntegrityError, transaction

from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.core.text import T
from mengding.filters import queries
from mengding.filters.models import MOST, Look, SavedFilter
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


@transaction.atomic
def save(
    actor: Actor,
    *,
    name: str,
    query: dict[str, Any],
    sort: str,
    columns: list[dict[str, Any]],
    shared: bool,
) -> SavedFilter:
    """A new filter of the actor's, behind the others."""
    account, organisation = _person(actor)
    mine = SavedFilter.objects.filter(owner_id=account)
    if mine.count() >= MOST:
        raise Invalid(
            "too_many_filters",
            T("最多保存 {n} 个筛选。", "At most {n} saved filters.").fill(n=MOST),
            field="name",
        )
    last = mine.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    made = SavedFilter(
        owner_id=account,
        organisation_id=organisation,
        name=_named(name),
        query=query,
        sort=sort,
        columns=columns,
        shared=shared,
        sequence=last + 1,
    )
    _store(made)
    _record(actor, made, "filter.save")
    return made


@transaction.atomic
def change(
    actor: Actor, pk: int, changes: dict[str, Any], version: int | None = None
) -> SavedFilter:
    """Change one's own filter: any of name, query, sort, columns, shared."""
    _, organisation = _person(actor)
    kept = queries.own(actor, pk)
    if version is not None and version != kept.version:
        raise Conflict(
            "version_conflict",
            T("筛选已在别处修改。", "The filter was changed elsewhere."),
            current={"version": kept.version},
        )
    if "name" in changes:
        changes = changes | {"name": _named(changes["name"])}
    if changes.get("shared"):
        kept.organisation_id = organisation
    for field, value in changes.items():
        setattr(kept, field, value)
    kept.version += 1
    _store(kept)
    _record(actor, kept, "filter.change")
    return kept


@transaction.atomic
def delete(actor: Actor, pk: int) -> None:
    """Delete one's own filter; whoever had it as the first view starts with all cases."""
    _person(actor)
    kept = queries.own(actor, pk)
    _record(actor, kept, "filter.delete")
    kept.delete()


@transaction.atomic
def arrange(actor: Actor, ids: list[int]) -> None:
    """Put one's own filters in this order; what is not named stays behind."""
    _person(actor)
    mine = {each.pk: each for each in SavedFilter.objects.filter(owner_id=actor.account_id)}
    rest = [pk for pk in mine if pk not in ids]
    for place, pk in enumerate([*dict.fromkeys(pk for pk in ids if pk in mine), *rest], 1):
        mine[pk].sequence = place
    SavedFilter.objects.bulk_update(mine.values(), ["sequence"])


@transaction.atomic
def set_look(actor: Actor, changes: dict[str, Any]) -> None:
    """How the actor's list looks: any of columns, compact, first (a visible filter's id, None)."""
    account, _ = _person(actor)
    first = changes.get("first")
    if first is not None and not queries.visible(actor).filter(pk=first).exists():
        raise NotFound("filter_not_found", T("没有这个筛选。", "There is no such saved filter."))
    fields = {"first_id" if name == "first" else name: value for name, value in changes.items()}
    Look.objects.update_or_create(account_id=account, defaults=fields)


def _person(actor: Actor) -> tuple[int, int]:
    """(account, organisation) of who acts; filters belong to people in a post."""
    require(actor, "case.read")
    if actor.account_id is None or actor.org_id is None:
        raise NotAllowed("not_allowed", T("您的岗位不能执行此操作。", "Your post may not do this."))
    return actor.account_id, actor.org_id


def _named(name: str) -> str:
    if not name.strip():
        raise Invalid("name_missing", T("请填写名称。", "Give it a name."), field="name")
    return name.strip()


def _store(row: SavedFilter) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(
            "name_taken",
            T("您已有同名的筛选。", "You have a filter of this name already."),
            field="name",
        ) from error


def _record(actor: Actor, row: SavedFilter, action: str) -> None:
    after = {"by": sorted(row.query), "shared": row.shared, "version": row.version}
    record(actor, Entry("filter", row.pk, action, after=after))
