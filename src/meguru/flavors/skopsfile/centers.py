"""Centres, covariances and hashes: native code takes their sizes from the rows it is given."""

from __future__ import annotations

from typing import Any

import numpy as np


def check(part: Any) -> None:
    """Check clusters, covariances and hashing; ValueError says what does not fit."""
    from sklearn.cluster._kmeans import _BaseKMeans
    from sklearn.covariance import EmpiricalCovariance
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.feature_extraction.text import HashingVectorizer

    if isinstance(part, _BaseKMeans) and "cluster_centers_" in vars(part):
        _check_centers(part)
    elif isinstance(part, EmpiricalCovariance) and "location_" in vars(part):
        _check_covariance(part)
    elif isinstance(part, FeatureHasher | HashingVectorizer) and (
        type(part.n_features) is not int or not 1 <= part.n_features < 2**31
    ):
        raise ValueError("hashing into a strange number of features")


def _check_centers(model: Any) -> None:
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

    centers = model.cluster_centers_
    if not isinstance(centers, np.ndarray) or centers.dtype not in (np.float32, np.float64):
        raise ValueError("centres of clusters that are no numbers")
    if centers.ndim != 2 or centers.shape[1] != model.n_features_in_ or not centers.size:
        raise ValueError("centres of clusters do not fit the model's features")
    model._n_threads = _openmp_effective_n_threads()  # noqa: SLF001 (a file's own number could be any)


def _check_covariance(model: Any) -> None:
    width = model.n_features_in_
    for name in ("covariance_", "precision_"):
        value = vars(model).get(name)
        if value is not None and (np.shape(value) != (width, width) or value.dtype != np.float64):
            raise ValueError("a covariance does not fit the model's features")
