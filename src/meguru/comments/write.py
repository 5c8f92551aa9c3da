"""Write comments, change and remove them."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, or_, select

from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.comments import store
from meguru.comments.mentions import mentioned
from meguru.comments.types import Comment
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel.events.schema import edge, event
from meguru.kernel.kinds import kind_of
from meguru.kernel.operations import Context, operation
from meguru.kernel.operations.subject import project_of

MAX_TEXT = 10_000
MAX_REASON = 500


@operation("comment.add", permission="comment:write", on="about", refers={"about": "*"})
def add(ctx: Context, *, about: str, text: str, reply_to: str = "") -> Comment:
    """Say something about a thing, in Markdown; ``@name`` tells that principal of it.

    Raises
    ------
    NotFound
        If there is no such thing, or the comment that is answered is on another one.
    InvalidInput
        If the text is empty, or longer than 10,000 characters.
    """
    said, ref = check_text(text), refs.parse(about)
    ctx.check_readable(ref.kind, str(ref))
    if not _is_known(ctx.tx, ref):
        raise NotFound.of(ref.kind, str(ref).partition("/")[2], [])
    if reply_to:
        answered = store.one(ctx.tx, reply_to)
        if _thing(answered.about) != _thing(str(ref)):
            raise NotFound.of("comment", answered.id, [])
        reply_to = answered.id
    comment = Comment(
        id=new_id("cmt"),
        about=str(ref),
        project=project_of(ctx.tx, ref) or "",
        author=ctx.principal.name,
        text=said,
        mentions=mentioned(ctx.tx, said),
        reply_to=reply_to,
        created_at=ctx.now(),
    )
    store.add(ctx.tx, comment)
    # The digest, not the text: the log can't be changed, and a text must be erasable.
    data = {
        "about": comment.about,
        "digest": _digest(said),
        "mentions": comment.mentions,
        "reply_to": reply_to,
    }
    ctx.emit("comment.added", comment.ref, data=data)
    return comment


@operation("comment.edit", permission="comment:write", on="comment")
def edit(ctx: Context, *, comment: str, text: str) -> Comment:
    """Write one of your comments anew; who is named in it for the first time is told.

    Raises
    ------
    Conflict
        If it was removed, or is another's.
    """
    known, said = _present(ctx, comment), check_text(text)
    _must_be_mine(ctx, known)
    if said == known.text:
        return known
    names = mentioned(ctx.tx, said)
    changed = msgspec.structs.replace(known, text=said, mentions=names, edited_at=ctx.now())
    store.change(ctx.tx, changed)
    data = {
        "about": known.about,
        "digest": _digest(said),
        "before": _digest(known.text),
        "mentions": [name for name in names if name not in known.mentions],
    }
    ctx.emit("comment.edited", known.ref, data=data)
    return changed


@operation("comment.remove", permission="comment:write", on="comment")
def remove(ctx: Context, *, comment: str) -> Comment:
    """Remove the text of one of your comments; that there was one stays.

    Raises
    ------
    Conflict
        If it was removed before, or is another's.
    """
    known = _present(ctx, comment)
    _must_be_mine(ctx, known)
    return _remove_text(ctx, known, "")


@operation("comment.moderate", permission="comment:moderate", on="comment")
def moderate(ctx: Context, *, comment: str, reason: str) -> Comment:
    """Remove the text of anybody's comment, and say why; that there was one stays.

    Raises
    ------
    Conflict
        If it was removed before.
    """
    said = reason.strip()
    if not 0 < len(said) <= MAX_REASON:
        raise InvalidInput("say why, in short", why=f"1 to {MAX_REASON} characters", field="reason")
    return _remove_text(ctx, _present(ctx, comment), said)


def _remove_text(ctx: Context, known: Comment, reason: str) -> Comment:
    gone = msgspec.structs.replace(
        known, text="", mentions=[], removed_at=ctx.now(), removed_by=ctx.principal.name
    )
    store.change(ctx.tx, gone)
    data = {"about": known.about, "author": known.author, "reason": reason}
    ctx.emit("comment.removed", known.ref, data=data)
    return gone


def _must_be_mine(ctx: Context, known: Comment) -> None:
    if known.author != ctx.principal.name:
        raise Conflict(f"{known.ref} is not yours", why=f"{known.author} wrote it", where=known.ref)


def check_text(text: str) -> str:
    """Return a text that says something, and not too much."""
    said = text.strip()
    if not said:
        raise InvalidInput("the comment says nothing", field="text")
    if len(said) > MAX_TEXT:
        why = f"it has {len(said):,} characters, and at most {MAX_TEXT:,} are kept"
        raise InvalidInput("the comment is too long", why=why, field="text")
    if "\0" in said:
        raise InvalidInput("the comment has a character that can't be kept", field="text")
    return said


def _present(ctx: Context, ref: str) -> Comment:
    comment = store.one(ctx.tx, ref, lock=True)
    if comment.removed_at is not None:
        raise Conflict(f"{comment.ref} was removed", why=f"by {comment.removed_by}", where=comment.ref)
    return comment


def _is_known(tx: Connection, ref: refs.Ref) -> bool:
    """Tell whether there is such a thing: by its own table, or else by what the log tells."""
    kind = kind_of(ref.kind)
    if kind is not None and kind.project_of:
        return project_of(tx, ref) is not None
    text = str(ref)
    mine = [event.c.subject == text]
    if ref.version is None:
        mine.append(event.c.subject.startswith(f"{text}@", autoescape=True))
    if tx.execute(select(event.c.seq).where(or_(*mine)).limit(1)).first() is not None:
        return True
    made = select(edge.c.event_seq).where(or_(edge.c.source == text, edge.c.target == text))
    return tx.execute(made.limit(1)).first() is not None


def _thing(ref: str) -> str:
    return ref.partition("@")[0]


def _digest(text: str) -> str:
    return digests.of_value(text)
