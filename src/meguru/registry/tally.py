"""Count groups that are nowhere in the workspace, where they are: the holdout is asked there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from meguru.fairness import GroupOptions
from meguru.fairness.submitted_counts import GroupTally, counted_groups
from meguru.flavors.comparing import holdout_of, score_models
from meguru.flavors.external_groups import join_groups
from meguru.flavors.scored_holdout import DECIDED, SCORE, TRUTH, holdout_decisions
from meguru.registry.group_tallies import digests_of
from meguru.registry.load import load_model
from meguru.registry.show import show

if TYPE_CHECKING:
    import polars as pl


def tally_groups(
    ws: Any, ref: str, groups: pl.DataFrame, *, key: str, options: GroupOptions, name: str
) -> GroupTally:
    """Ask a version its holdout, here, and count its groups, which stay here.

    Parameters
    ----------
    ws, ref
        A workspace, here or on a server, and a version of a model in it.
    groups, key
        Have the key of the holdout, and the columns of `options`.
    name
        What the groups are called in errors.

    Raises
    ------
    InvalidInput
        When the version has no holdout, or the key or a column is not there.
    """
    version = show(ws, ref=ref)
    model = load_model(ws, version.ref)
    options.check_options()
    options.check_task(version.ref, model.task.key)
    evidence = holdout_of(model, version.ref, f"the holdout of {version.ref}")
    (rows,) = score_models([model], evidence)
    frame = holdout_decisions(
        model.task,
        evidence,
        rows,
        [*options.columns, key],
        threshold=options.threshold,
        favorable=options.favorable,
    )
    found, _ = join_groups(frame, groups, key=key, columns=options.columns, name=name)
    made, holdout = digests_of(ws.blobs, version)
    tally = GroupTally(
        model=made,
        holdout=holdout,
        rows=frame.height,
        found=found.height,
        min_rows=options.min_rows,
        threshold=options.threshold,
        favorable=options.favorable,
        cuts=options.cuts,
        tables=[_counted(found, columns, options) for columns in options.groupings()],
    )
    tally.check()  # what a server would refuse does not leave this machine
    return tally


def _counted(frame: pl.DataFrame, columns: Sequence[str], options: GroupOptions) -> Any:
    return counted_groups(frame, columns, options, score=SCORE, truth=TRUTH, decided=DECIDED)
