"""What is kept of a comparison of served values with the truth."""

from __future__ import annotations

from datetime import UTC, datetime

from meguru.serving.features.parity import ParityCause, ParityDifference, ParityReport, _causes

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_feature_that_differs_for_two_reasons_is_kept_with_that_of_most_rows() -> None:
    told = [
        ParityDifference(
            feature="spend",
            view="feature_view/activity@1",
            cause=cause,
            rows=rows,
            prediction="pred-1.0",
            at=AT,
            served=1.0,
            truth=2.0,
        )
        for cause, rows in ((ParityCause.LATE, 90), (ParityCause.CODE, 1))
    ]
    report = ParityReport(
        endpoint="endpoint/shop",
        model="model/shop@1",
        release="release/shop@1",
        features="feature_service/shop@1",
        rows=100,
        values=100,
        sent=0,
        differing=91,
        differences=told,
    )
    assert _causes(report) == {"spend": "late data"}
