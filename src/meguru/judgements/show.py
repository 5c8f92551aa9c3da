"""List feedback."""

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput
from meguru.judgements import store
from meguru.judgements.types import Feedback
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids


@operation(
    "feedback.list", permission="feedback:read", query=True, on="endpoint", refers={"endpoint": "endpoint"}
)
def list_feedback(
    ctx: Context, *, endpoint: str, prediction: str = "", cursor: str = "", limit: int = 100
) -> Page[Feedback]:
    """List the feedback on answers of an endpoint, newest first; on one prediction if one is named."""
    name, limit = refs.parse(endpoint, kind="endpoint").name, check_limit(limit)
    place = ids.split(refs.parse(prediction, kind="prediction").name) if prediction else None
    if prediction and place is None:
        raise InvalidInput(f"{prediction[:80]!r} is not the id of a prediction", field="prediction")
    feedbacks = store.page(ctx.tx, name, at=place, before=cursor, limit=limit + 1)
    return Page(
        items=feedbacks[:limit], next_cursor=feedbacks[limit - 1].id if len(feedbacks) > limit else ""
    )
