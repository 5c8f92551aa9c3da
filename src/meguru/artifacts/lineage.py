"""Walk the graph of references."""

from sqlalchemy import Connection, select

from meguru.artifacts.sight import Sight, sight_of
from meguru.artifacts.types import Lineage, LineageEdge
from meguru.base.paging import check_limit
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.events.schema import edge
from meguru.kernel.operations import Context, operation

DIRECTIONS = {"up": (edge.c.target, edge.c.source), "down": (edge.c.source, edge.c.target)}
_BATCH, _PAGE = 500, 1000


@operation("lineage.show", permission="lineage:read", query=True, refers={"ref": "*"})
def show(ctx: Context, *, ref: str, direction: str = "both", limit: int = 500) -> Lineage:
    """Show what a thing was made from (up), what was made from it (down), or both.

    Things of projects that the caller may not see are left out, and what is only reached through them.
    """
    check_limit(limit)
    if direction not in {*DIRECTIONS, "both"}:
        raise InvalidInput(
            f"direction can't be {direction!r}", hint="use up, down or both", field="direction"
        )
    wanted = list(DIRECTIONS) if direction == "both" else [direction]
    lineage_edges: dict[tuple[str, str], LineageEdge] = {}
    sight = sight_of(ctx)
    if not sight.sees(ref):
        raise NotFound.of("reference", ref)
    for way in wanted:
        lineage_edges |= _walk(ctx.tx, ref, way, limit, sight)
    if not lineage_edges and events.latest(ctx.tx, subject=ref) is None:
        raise NotFound.of("reference", ref)
    edges = sorted(lineage_edges.values(), key=lambda item: (item.event_seq, item.source, item.target))
    return Lineage(ref=ref, edges=edges[:limit], cut=len(edges) > limit)


def made_from(tx: Connection, ref: str, *, but: tuple[str, ...] = (), most: int = 100_000) -> set[str]:
    """Return all that was made from a thing, but not by way of references that begin as `but` says."""
    found: set[str] = set()
    frontier = [ref]
    while frontier and len(found) < most:
        rows = tx.execute(select(edge.c.target).where(edge.c.source.in_(frontier[:_BATCH]))).scalars()
        new = {row for row in rows if not row.startswith(but)} - found if but else set(rows) - found
        found |= new
        frontier = [*frontier[_BATCH:], *new]
    return found


def made_of(tx: Connection, ref: str) -> list[str]:
    """Return what a thing was made from at first hand, in the order of the log."""
    found = select(edge.c.source).where(edge.c.target == ref).order_by(edge.c.event_seq, edge.c.source)
    return list(tx.execute(found).scalars())


def _walk(tx: Connection, ref: str, way: str, limit: int, sight: Sight) -> dict[tuple[str, str], LineageEdge]:
    here, there = DIRECTIONS[way]
    edges: dict[tuple[str, str], LineageEdge] = {}
    seen, frontier = {ref}, [ref]
    while frontier and len(edges) <= limit:
        batch, frontier = frontier[:_BATCH], frontier[_BATCH:]
        query = select(edge).where(here.in_(batch)).order_by(edge.c.event_seq, edge.c.source, edge.c.target)
        # A page at a time, as of very many only the first are wanted. By one statement: one for each page
        # would sort all of them for each.
        with tx.execute(query, execution_options={"yield_per": _PAGE}) as rows:
            for row in rows:
                following = row._mapping[there.name]
                if not sight.sees(following):
                    continue
                item = LineageEdge(**row._mapping)
                edges[item.source, item.target] = item
                if following not in seen:
                    seen.add(following)
                    frontier.append(following)
                if len(edges) > limit:
                    break
    return edges
