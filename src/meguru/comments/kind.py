"""Comments, as a kind: each is of the project of what it is about."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, event_type


class _AboutThing(Payload, frozen=True):
    about: str
    digest: str


@event_type("comment.added", label="comment", sentence="{actor} commented on {about}", subject="comment/ID")
class CommentAdded(_AboutThing, frozen=True):
    """Somebody wrote about a thing. The text stands beside the log, so that it can be erased.

    `mentions` are the principals that it names with ``@``, `reply_to` the comment that it answers.
    """

    mentions: list[str]
    reply_to: str


@event_type(
    "comment.edited",
    label="comment changed",
    sentence="{actor} changed a comment on {about}",
    subject="comment/ID",
)
class CommentEdited(_AboutThing, frozen=True):
    """Its author wrote it anew; `before` is the digest of what it said, `mentions` whom it names newly."""

    mentions: list[str]
    before: str


@event_type(
    "comment.removed",
    label="comment removed",
    sentence="{actor} removed a comment on {about}",
    subject="comment/ID",
)
class CommentRemoved(Payload, frozen=True):
    """The text is gone; that there was one stays."""

    about: str
    author: str
    reason: str


COMMENT = Kind(
    name="comment",
    title=("comment", "comments"),
    named=False,
    tables=("meguru.comments.schema",),
    operations=("meguru.comments.operations",),
    events=(CommentAdded, CommentEdited, CommentRemoved),
    # Who may read may say what they think of it: that changes nothing else.
    grants={
        "engineer": ("write",),
        "data-scientist": ("write",),
        "viewer": ("write",),
    },
    project_of="meguru.comments.store:project_of",
    page="/ui/comments/{name}",
)
