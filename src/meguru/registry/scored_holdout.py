"""A version that is asked its own holdout, to see how it treats parts of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from meguru.flavors.bundle import Bundle, load_bundle
from meguru.flavors.comparing import HoldoutRows, holdout_of, score_models
from meguru.kernel.operations import Context
from meguru.metrics import ScoredRows
from meguru.registry import store
from meguru.registry.cache import fetch_model
from meguru.registry.loading import loading_turn
from meguru.registry.types import ModelVersion


@dataclass(frozen=True, kw_only=True)
class ScoredHoldout:
    """A version, loaded, with its holdout and what it answered to it."""

    version: ModelVersion
    model: Bundle
    evidence: HoldoutRows
    rows: ScoredRows


@contextmanager
def scoring_holdout(ctx: Context, ref: str) -> Iterator[ScoredHoldout]:
    """Load a version and ask it its holdout; the model is there until the block ends.

    Raises
    ------
    InvalidInput
        When it has none, or fails on it.
    """
    with nullcontext(ctx.tx) if ctx.is_open else ctx.ws.read() as tx:
        version = store.resolve_verified(tx, ref)
    with loading_turn():
        model = load_bundle(fetch_model(ctx.ws, version.tree_digest), code=True)
        evidence = holdout_of(model, version.ref, f"the holdout of {version.ref}")
        (rows,) = score_models([model], evidence)
        yield ScoredHoldout(version=version, model=model, evidence=evidence, rows=rows)
