"""Who could do something with a thing at a moment."""

from __future__ import annotations

import re
from datetime import datetime

from meguru.audit.answers.access_replay import AccessReplay
from meguru.audit.answers.types import HeldRole, WhoCould, WhoCouldAnswer
from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.governance.rights import EVERYWHERE, AccessTable
from meguru.kernel.kinds.kind import kind_of
from meguru.kernel.operations import Context, operation
from meguru.kernel.operations.subject import is_shared, project_of
from meguru.kernel.principals import covers

RIGHT = "event:audit"
_VERB = re.compile(r"[a-z][a-z_]{0,30}(?::[a-z_.-]{1,60})?")
_OUTSIDE = (
    "whoever could open the workspace's files, or its database, could see and change everything there",
    "what built-in roles allow is as this version has it",
)


@operation("audit.who_could", permission=RIGHT, query=True, refers={"ref": "*"})
def who_could(ctx: Context, *, ref: str, verb: str = "read", at: datetime | None = None) -> WhoCouldAnswer:
    """Say who held a right on a thing at a moment, through what, as the log tells it.

    Parameters
    ----------
    ref
        The thing; it need not be there any more.
    verb
        What with it (``read``, ``write``, ``promote``…), or a whole permission (``prediction:read``).
    at
        The moment; by default now.
    """
    thing = readable_ref(ctx, ref)
    if not _VERB.fullmatch(verb):
        raise InvalidInput(f"{verb[:60]!r} is no verb", field="verb", hint="read, write, promote, delete …")
    permission = verb if ":" in verb else f"{thing.kind}:{verb}"
    then = AccessReplay(ctx.tx, at or ctx.now())
    table, project = then.table(), project_of(ctx.tx, thing) or ""
    found = []
    for name, who in then.principals().items():
        held = list(dict.fromkeys(then.roles_of(name, who, table)))
        giving = [each for each in held if _gives(table, each, permission, project, shared=is_shared(thing))]
        if giving:
            tokens = [token.id for token in then.valid_tokens(name) if covers(token.scope, permission)]
            found.append(WhoCould(principal=name, kind=who.kind, roles=giving, tokens=tokens))
    return WhoCouldAnswer(
        ref=str(ref),
        project=project or refs.DEFAULT,
        permission=permission,
        at=then.at,
        seq=then.seq,
        who=found,
        unknown=[*then.untold(table), *_OUTSIDE],
    )


def readable_ref(ctx: Context, ref: str) -> refs.Ref:
    """Return what a reference names; what the asker has no right to ask about is not there for them."""
    thing = refs.parse(ref)
    if kind_of(thing.kind) is None:
        raise InvalidInput(f"{ref[:100]!r} is of no kind that there is", field="ref", hint="model/NAME")
    visible = ctx.visible
    if visible is not None and (is_shared(thing) or (project_of(ctx.tx, thing) or "") not in visible):
        raise NotFound.of(thing.kind, thing.name)
    return thing


def _gives(table: AccessTable, held_role: HeldRole, permission: str, project: str, *, shared: bool) -> bool:
    # What all projects share is read by whoever may read somewhere, and changed by who may everywhere.
    anywhere = shared and permission.endswith(":read")
    if held_role.project not in {EVERYWHERE, project} and not anywhere:
        return False
    if shared and not anywhere and held_role.project != EVERYWHERE:
        return False
    return covers(table.permissions(held_role.role), permission)
