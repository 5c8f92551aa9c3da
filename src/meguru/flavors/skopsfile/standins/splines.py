"""A B-spline is its knots, coefficients and degree."""

from __future__ import annotations

from typing import Any

import numpy as np

from meguru.flavors.skopsfile.standins.base import StandIn

_MAX_DEGREE = 50


class Spline(StandIn):
    """A `scipy.interpolate.BSpline`, as `SplineTransformer` holds one for each column."""

    module = "scipy.interpolate"

    @classmethod
    def claims(cls, subject: Any) -> bool:
        """Say whether it is a B-spline itself, not a class made from one."""
        from scipy.interpolate import BSpline

        return type(subject) is BSpline

    @classmethod
    def data(cls, subject: Any) -> tuple[Any, ...]:
        """Return knots, coefficients, degree, what is done beyond the knots, and the axis."""
        return (
            np.asarray(subject.t),
            np.asarray(subject.c),
            int(subject.k),
            subject.extrapolate,
            int(subject.axis),
        )

    @classmethod
    def restore(cls, *args: Any) -> Any:
        """Make the spline; SciPy's constructor checks that knots, coefficients and degree fit."""
        from scipy.interpolate import BSpline

        knots, coefficients, degree, extrapolate, axis = args
        if type(degree) is not int or not 0 <= degree <= _MAX_DEGREE or type(axis) is not int:
            raise ValueError("a spline of a strange degree")
        if extrapolate not in {True, False, "periodic"}:
            raise ValueError("a spline that goes on strangely")
        for array in (knots, coefficients):
            if not isinstance(array, np.ndarray) or array.dtype != np.float64:
                raise ValueError("a spline of something else than numbers")
        return BSpline(knots, coefficients, degree, extrapolate=extrapolate, axis=axis)
