"""Metrics of ranked lists say what scikit-learn says of each list, to 1e-12."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from meguru.errors import InvalidInput
from meguru.metrics import ScoredRows, metric_of
from meguru.testing.scored_rows import rankings, reorder


def lists(rows):
    """The truth and the scores of each list."""
    for code in np.unique(rows.group):
        mask = rows.group == code
        yield rows.truth[mask], rows.answer["score"][mask]


@pytest.fixture(params=[None, 0], ids=["no ties", "ties"])
def rows(request):
    rows = rankings(600, 3)
    if request.param is not None:
        rows = replace(rows, answer={"score": rows.answer["score"].round(request.param)})
    return reorder(rows, np.random.default_rng(0).permutation(600))


@pytest.mark.parametrize("k", [None, 1, 3, 10])
def test_ndcg(rows, k):
    known = [sk.ndcg_score([truth], [score], k=k) for truth, score in lists(rows) if len(truth) > 1]
    alone = [float(truth[0] > 0) for truth, _ in lists(rows) if len(truth) == 1]
    name = "ndcg" if k is None else f"ndcg@{k}"
    assert metric_of(name).value(rows) == pytest.approx(np.mean(known + alone), abs=1e-12)


def test_map(rows):
    known = [sk.average_precision_score(truth > 0, score) for truth, score in lists(rows) if truth.any()]
    assert metric_of("map").value(rows) == pytest.approx(np.mean(known), abs=1e-12)


def test_mrr(rows):
    known = [
        1 / min(int((score >= each).sum()) for each in score[truth > 0])
        for truth, score in lists(rows)
        if truth.any()
    ]
    assert metric_of("mrr").value(rows) == pytest.approx(np.mean(known), abs=1e-12)


def test_the_lists_are_the_units_not_the_rows(rows):
    found = metric_of("ndcg").interval(rows)
    of_lists = [sk.ndcg_score([truth], [score]) for truth, score in lists(rows) if len(truth) > 1]
    spread = np.std(of_lists, ddof=1) / math.sqrt(len(of_lists))
    assert (found.high - found.low) / 2 == pytest.approx(1.99 * spread, rel=0.05)


def test_a_ranking_without_lists_or_with_a_negative_relevance_is_refused():
    bare = ScoredRows(truth=np.ones(4), answer={"score": np.ones(4)})
    assert "group" in metric_of("ndcg").missing(bare)
    odd = ScoredRows(truth=-np.ones(4), answer={"score": np.ones(4)}, group=np.zeros(4, dtype=int))
    with pytest.raises(InvalidInput, match="negative"):
        metric_of("ndcg").value(odd)


def test_lists_without_a_relevant_row_have_no_average_precision():
    rows = ScoredRows(truth=np.zeros(4), answer={"score": np.ones(4)}, group=np.array([0, 0, 1, 1]))
    assert math.isnan(metric_of("map").value(rows))
    assert math.isnan(metric_of("mrr").interval(rows).low)
    assert metric_of("ndcg").value(rows) == 0
