"""Reading saved filters, and how many cases each has now."""

from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from psycopg.errors import QueryCanceled

from mengding.cases.queries import Filters, capped_count
from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.filters.models import Look, SavedFilter

CAP = 1000  # a tab says "999+" beyond
PATIENCE = 400  # ms for one count


def visible(actor: Actor) -> QuerySet[SavedFilter]:
    """One's own, in one's own order, then what colleagues of the same organisation share."""
    shared = Q(shared=True, organisation_id=actor.org_id)
    mine = Case(
        When(owner_id=actor.account_id, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    rows = SavedFilter.objects.filter(Q(owner_id=actor.account_id) | shared)
    return rows.select_related("owner").order_by(mine, "sequence", "pk")


def listed(actor: Actor) -> list[dict[str, Any]]:
    """All the actor may use, as the API shows them."""
    return [shown(actor, each) for each in visible(actor)]


def shown(actor: Actor, each: SavedFilter) -> dict[str, Any]:
    """One filter; `owner_name` for those of colleagues."""
    mine = each.owner_id == actor.account_id
    return {
        "id": each.pk,
        "name": each.name,
        "query": each.query,
        "sort": each.sort,
        "columns": each.columns,
        "shared": each.shared,
        "mine": mine,
        "owner_name": None if mine else each.owner.name,
        "version": each.version,
    }


def own(actor: Actor, pk: int) -> SavedFilter:
    """One of the actor's own, locked; `NotFound` for anybody else's."""
    found = (
        SavedFilter.objects.select_for_update(of=("self",))
        .filter(pk=pk, owner_id=actor.account_id)
        .first()
    )
    if found is None:
        raise NotFound("filter_not_found", T("没有这个筛选。", "There is no such saved filter."))
    return found


def look(actor: Actor) -> dict[str, Any]:
    """How the actor has the list: columns, density, and what it opens with (a filter's id)."""
    kept = Look.objects.filter(account_id=actor.account_id or 0).first()
    if kept is None:
        return {"columns": [], "compact": False, "first": None}
    return {"columns": kept.columns, "compact": kept.compact, "first": kept.first_id}


def count(actor: Actor, filters: Filters) -> int | None:
    """How many cases, at most `CAP`; None when that could not be found out quickly."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE}")
            found = capped_count(actor, filters, CAP)
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
            return found
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return None
