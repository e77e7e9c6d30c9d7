"""Requests entered through several channels, resolved to the one request they repeat."""

from typing import Final

import ibis
import ibis.expr.types as ir

# Each round doubles the length of chain followed: five rounds reach 32 repeats of repeats.
ROUNDS: Final = 5


def service_tickets(rows: ir.Table) -> ir.Table:
    """Resolve every ticket to the first ticket of its chain of duplicates.

    Returns
    -------
    ibis Table
        Key `ticket_id`. Added: `root_ticket_id`, `is_unique` (the ticket is its own root: exactly one row a request),
        `is_duplicate_unresolved` (names a ticket that does not exist, or a circle: such a ticket is its own root).
    """
    known = rows.select(_known=rows.ticket_id)
    pairs = rows.select("ticket_id", parent=rows.duplicate_of)
    pairs = pairs.left_join(known, pairs.parent == known._known)
    stated = pairs.parent.notnull() & (pairs.parent != pairs.ticket_id)
    pairs = pairs.select("ticket_id", dangling=stated & pairs._known.isnull(), parent=pairs._known)
    links = pairs.mutate(root=ibis.coalesce(pairs.parent, pairs.ticket_id)).drop("parent")
    origin = links.select(_id=links.ticket_id, _is_root=links.root == links.ticket_id)
    for _ in range(ROUNDS):
        links = _jump(links)
    resolved = links.left_join(origin, links.root == origin._id).drop("_id")
    resolved = resolved.mutate(
        lost=resolved.dangling | ~resolved._is_root,
        root_ticket_id=resolved._is_root.ifelse(resolved.root, resolved.ticket_id),
    )
    found = resolved.select(_id=resolved.ticket_id, root_ticket_id=resolved.root_ticket_id, lost=resolved.lost)
    joined = rows.left_join(found, rows.ticket_id == found._id)
    return joined.select(
        *rows.columns,
        "root_ticket_id",
        is_unique=joined.root_ticket_id == joined.ticket_id,
        is_duplicate_unresolved=joined.lost,
    )


def _jump(links: ir.Table) -> ir.Table:
    onward = links.select(_id=links.ticket_id, _next=links.root)
    joined = links.left_join(onward, links.root == onward._id)
    return joined.select("ticket_id", "dangling", root=joined._next)


def measures(clean: ir.Table) -> dict[str, ir.Scalar]:
    """Return what is counted of the clean tickets."""
    return {
        "unique_requests": clean.is_unique.sum(),
        "duplicates": (~clean.is_unique).sum(),
        "duplicate_of_unknown_or_circular": clean.is_duplicate_unresolved.sum(),
    }
