"""Vectorizers of words take a list of texts where other estimators take a frame."""

from __future__ import annotations

from typing import Any

from meguru.errors import InvalidInput


def wants_texts(estimator: Any) -> bool:
    """Say whether an estimator, or the first step of a pipeline, vectorizes words."""
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
    from sklearn.pipeline import FeatureUnion, Pipeline

    if isinstance(estimator, Pipeline | FeatureUnion):
        steps = estimator.steps if isinstance(estimator, Pipeline) else estimator.transformer_list
        return bool(steps) and wants_texts(steps[0][1])
    return isinstance(estimator, CountVectorizer | HashingVectorizer)


def select_texts(frame: Any) -> Any:
    """Return the one column of a frame; InvalidInput when there are more."""
    names = list(frame.columns)
    if len(names) != 1:
        raise InvalidInput(
            f"the model takes one column of texts, not {len(names)}",
            field="example",
            hint="put the vectorizer into a ColumnTransformer that names its column",
        )
    column = frame[names[0]]
    return column.to_list() if hasattr(column, "to_list") else list(column)
