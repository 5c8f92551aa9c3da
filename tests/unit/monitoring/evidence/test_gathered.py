"""What a report keeps, and the page that is made of it."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl
import pytest

from meguru.base.text import translate
from meguru.monitoring.evidence.bins import MAX_CATEGORIES, OTHERS, shown_bins
from meguru.monitoring.evidence.poster import poster
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import TroubleCause
from meguru.monitoring.kind import CHECKS
from meguru.monitoring.operations import run, show_report
from meguru.monitoring.report_page.page import report_html
from meguru.monitoring.run import evaluate
from meguru.monitoring.types import Monitor, ReportVerdict, Severity
from meguru.monitoring.window import compared_columns
from meguru.sentences.spoken import spoken
from meguru.stats import profile_frame
from meguru.testing.contracts.checks import make_rows, make_window

START, END = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
JAPANESE = EvidenceWords("ja", lambda sentence: spoken(sentence, "ja"))


def monitor():
    return Monitor(
        name="delay-watch",
        endpoint="delay",
        checks=[{"check": "performance"}, {"check": "psi"}, {"check": "ks"}],
        alert_on=[Severity.PERFORMANCE_DROP],
        min_rows=200,
        min_drift_share=0.0,
        created_at=START,
        created_by="me",
    )


def report(window):
    return evaluate(monitor(), window, START, END, END, "digest")


def column(then: pl.Series, now: pl.Series):
    profile = profile_frame(then.alias("x").to_frame())
    (made,), _ = compared_columns(now.alias("x").to_frame(), profile)
    return made


def totals(bins):
    return sum(each.then for each in bins), sum(each.now for each in bins)


def test_a_report_keeps_what_made_it_ring(workspace, monitor, answer):
    answer(make_rows(5000, shift=1.0, skill=0.2))
    made = run(workspace, name="delay-watch", start=START, end=END)
    kept = show_report(workspace, ref=made.ref).evidence
    assert kept == made.evidence
    assert [each.column for each in kept.columns if each.rang] == ["wind"]
    wind = kept.columns[0]
    assert (wind.column, wind.rows_then, wind.rows_now) == ("wind", 20_000, 5000)
    assert totals(wind.bins) == pytest.approx((1, 1), abs=1e-3)
    assert kept.series[0].label == "AUC"
    assert kept.series[0].rang
    assert kept.series[0].points[-1].low < kept.series[0].points[-1].value < kept.series[0].threshold
    assert "KS" in wind.findings[0] or "PSI" in wind.findings[0]


def test_a_calm_window_has_nothing_to_explain_and_still_shows_its_columns():
    kept = report(make_window(make_rows(2000))).evidence
    assert (kept.likely, kept.explanations) == (None, [])
    assert {each.column for each in kept.columns} == {"wind", "carrier", "_score"}


def test_the_model_fell_alone_while_its_inputs_stayed():
    kept = report(make_window(make_rows(5000, skill=0.2))).evidence
    assert kept.likely is TroubleCause.CONCEPT_CHANGE


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (np.linspace(0, 1, 5000), np.linspace(0.5, 3, 800)),
        (np.full(900, 7.0), np.array([7.0, 8.0, np.inf, np.nan])),
        (np.r_[np.zeros(5000), 1e6], np.r_[np.zeros(90), 5e5]),
        (np.random.default_rng(1).exponential(size=4000), np.array([0.1])),
        (np.arange(3.0), np.arange(3.0)),
    ],
)
def test_shares_over_few_bins_add_up_to_all_rows(then, now):
    bins = shown_bins(column(pl.Series(then), pl.Series(now)))
    assert 1 <= len(bins) <= 22
    assert totals(bins) == pytest.approx((1, 1), abs=1e-3)


def test_rare_categories_have_no_name_and_many_are_one():
    then = pl.Series([f"k{n % 40}" for n in range(4000)] + ["Ada Lovelace"])
    bins = shown_bins(column(then, pl.Series(["k1"] * 50 + ["Alan Turing"] * 3)))
    labels = [each.label for each in bins]
    assert len(labels) == MAX_CATEGORIES + 1
    assert labels[0] == "k1"
    assert labels[-1] == OTHERS
    assert not {"Ada Lovelace", "Alan Turing"} & set(labels)
    assert totals(bins) == pytest.approx((1, 1), abs=1e-3)


def wide(n, seed, shift=0.0):
    draw = np.random.default_rng(seed)
    numbers = {f"number_{k}": draw.normal(shift * (k % 2), 1 + k, n) for k in range(20)}
    words = {f"word_{k}": draw.choice([f"w{j}" for j in range(10 + k)], n) for k in range(10)}
    return make_rows(n, seed).with_columns(pl.DataFrame(numbers | words))


def test_a_page_of_thirty_columns_is_one_small_file_that_fetches_nothing():
    trained = wide(4000, 1).drop("wind", "carrier", "_outcome", "_id", "_model", "_score")
    trained = trained.drop([each for each in trained.columns if each.startswith("_")])
    window = make_window(wide(2000, 2, 0.5))
    columns, broken = compared_columns(wide(2000, 2, 0.5), profile_frame(trained))
    window = replace(window, columns=columns, broken=broken)
    made = evaluate(msgspec.structs.replace(monitor(), checks=CHECKS), window, START, END, END, "digest")
    page = report_html(made, EvidenceWords())
    assert len(made.evidence.columns) == 30
    assert len(page.encode()) < 200_000
    assert len(report_html(made, JAPANESE).encode()) < 200_000
    assert len(msgspec.json.encode(made.evidence)) < 60_000
    assert not re.findall(r"(?:src|href|url)\s*[=(]", page)
    assert "<script" not in page
    assert page.count("<svg") >= 30


def test_what_others_wrote_is_shown_as_text():
    rows = make_rows(2000).rename({"carrier": "<script>alert(1)</script>"})
    rows = rows.with_columns(pl.lit("<img src=x>").alias("<script>alert(1)</script>"))
    trained = rows.select("wind", "<script>alert(1)</script>")
    columns, _ = compared_columns(rows, profile_frame(trained))
    page = report_html(report(replace(make_window(rows), columns=columns)), EvidenceWords())
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_a_page_speaks_its_readers_language():
    page = report_html(report(make_window(make_rows(5000, skill=0.2))), JAPANESE)
    assert '<html lang="ja">' in page
    assert translate("Why, and what it is not", "ja") in page
    assert "概念の変化" in page
    assert "is certainly below" not in page


def test_a_report_without_evidence_has_a_page_too():
    made = msgspec.structs.replace(report(make_window(make_rows(2000))), evidence=None)
    page = report_html(made, EvidenceWords())
    assert "delay-watch" in page
    assert made.verdict is ReportVerdict.OK


def test_a_numbers_series_is_of_the_same_finding_in_the_windows_before():
    from meguru.monitoring.deciding.history import past_windows

    first = report(make_window(make_rows(3000, seed=1, shift=0.2)))
    second = replace(make_window(make_rows(3000, shift=1.0, skill=0.2)), past=past_windows([first]))
    kept = report(second).evidence
    auc, *others = kept.series
    assert [each.value for each in auc.points] == [
        first.live.metrics[0].estimate.value,
        second.live.metrics[0].estimate.value,
    ]
    assert auc.threshold == pytest.approx(0.74)
    by_name = {each.label: each for each in others}
    assert all(len(each.points) == 2 for each in others)
    (shadow,) = [each for each in others if each.severity == Severity.SHADOW_BETTER.value]
    assert shadow.points[0].value is None or shadow.points[0].value < 0.1
    drifted = by_name["wind · ks"].points
    assert drifted[0].value < drifted[1].value


def test_probabilities_are_drawn_where_their_outcomes_are_known():
    page = report_html(report(make_window(make_rows(3000))), EvidenceWords())
    assert "how often it happened, by what the model said" in page


def test_nothing_is_drawn_or_named_of_a_personal_column():
    window = make_window(make_rows(2000))
    names = {each.label for each in shown_bins(next(c for c in window.columns if c.name == "carrier"))}
    page = report_html(report(window), EvidenceWords())
    assert all(f"{each}: " in page for each in names)
    page = report_html(report(replace(window, personal=frozenset({"carrier"}))), EvidenceWords())
    assert "carrier" in page
    assert not [each for each in names if f"{each}: " in page]


def test_a_drawing_is_of_a_bounded_size_and_xml_whatever_things_are_called():
    made = report(make_window(make_rows(2000)))
    odd = msgspec.structs.replace(made, monitor="a\x00b\x1b\ufffe", reasons=["x" * 100_000, "two " * 9999])
    drawn = poster(odd, EvidenceWords())
    assert ET.fromstring(drawn).get("height")
    assert "a\ufffdb" in drawn
    assert len(drawn) < len(poster(made, EvidenceWords())) + 10_000


def test_a_page_says_how_many_findings_it_leaves_out():
    made = report(make_window(make_rows(2000)))
    (calm, *_) = [each for each in made.findings if not each.breached]
    page = report_html(msgspec.structs.replace(made, findings=[calm] * 130), EvidenceWords())
    assert "130 within their thresholds" in page
    assert "and 30 more" in page
