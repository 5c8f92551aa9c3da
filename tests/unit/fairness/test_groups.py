"""Groups are compared as Fairlearn compares them, with intervals, and a verdict that needs evidence."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from meguru.errors import InvalidInput
from meguru.fairness import (
    CRITERIA,
    FairVerdict,
    GroupCounts,
    GroupOptions,
    count_groups,
    errors_by_group,
    judge_groups,
    share_difference,
    share_ratio,
)
from meguru.fairness.criteria import MEANS
from meguru.fairness.submitted_counts import GroupTally, counted_groups
from meguru.monitoring.checks import CHECKS
from meguru.registry.lookups import KnownModel
from meguru.tasks.multiclass import Multiclass
from meguru.testing.contracts.checks import make_rows, make_window

SELECTED = pl.col("score") > 0.5


def people(n, seed=0, *, gap=0.0, groups=("F", "M")):
    draw = np.random.default_rng(seed)
    sex = draw.choice(groups, n)
    truth = (draw.random(n) < 0.4).astype(float)
    score = np.clip(0.3 + 0.35 * truth - gap * (sex == groups[0]) + draw.normal(0, 0.2, n), 0, 1)
    age = draw.integers(18, 80, n)
    return pl.DataFrame({"sex": sex, "age": age, "score": score, "truth": truth})


def shares_of(frame, by):
    """Return each measure by group, row by row: what the definitions say."""
    found = {}
    for name in sorted(frame[by].unique()):
        both = [
            (each["score"] > 0.5, each["truth"] == 1)
            for each in frame.iter_rows(named=True)
            if each[by] == name
        ]
        said, true = (sum(each[place] for each in both) for place in (0, 1))
        found[name] = {
            "selection_rate": said / len(both),
            "true_positive_rate": both.count((True, True)) / true,
            "false_positive_rate": both.count((True, False)) / (len(both) - true),
            "precision": both.count((True, True)) / said,
            "accuracy": (both.count((True, True)) + both.count((False, False))) / len(both),
        }
    return found


@pytest.mark.parametrize("criterion", sorted(set(CRITERIA) - MEANS))
def test_differences_and_ratios_are_those_of_the_definitions(criterion):
    frame = people(900, gap=0.1, groups=("F", "M", "X"))
    wanted = shares_of(frame, "sex")
    counted = count_groups(frame, ["sex"], decided=SELECTED, truth="truth")
    measures = CRITERIA[criterion]
    values = [[each[name] for each in wanted.values()] for name in measures]
    found = judge_groups(counted, criterion, limit=0.1, min_rows=1)
    assert found.value == pytest.approx(max(max(each) - min(each) for each in values), abs=1e-12)
    ratio = judge_groups(counted, criterion, limit=0.8, comparison="ratio", min_rows=1)
    assert ratio.value == pytest.approx(min(min(each) / max(each) for each in values), abs=1e-12)
    assert wanted[found.highest][found.measure] - wanted[found.lowest][found.measure] == found.value


def test_the_interval_of_two_groups_is_newcombes():
    gap = share_difference(np.array([56.0, 48.0]), np.array([70.0, 80.0]))
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)  # his table, (a)
    ratio = share_ratio(np.array([56.0, 48.0]), np.array([70.0, 80.0]))
    katz = 0.75 * np.exp(1.96 * math.sqrt(0.2 / 56 + 0.4 / 48) * np.array([-1, 0, 1]))
    assert (ratio.low, ratio.value, ratio.high) == pytest.approx(tuple(katz), abs=0.006)


@pytest.mark.parametrize("make", [share_difference, share_ratio])
def test_the_interval_of_many_groups_holds_as_often_as_it_says(make):
    draw, held = np.random.default_rng(3), 0
    shares, among = np.array([0.3, 0.35, 0.4, 0.32]), np.array([400, 300, 250, 350])
    truth = shares.max() - shares.min() if make is share_difference else shares.min() / shares.max()
    for _ in range(400):
        found = make(draw.binomial(among, shares).astype(float), among.astype(float))
        held += found.low <= truth <= found.high
    assert held / 400 >= 0.94


def test_a_verdict_needs_evidence_in_either_direction():
    def verdict(frame, **options):
        counted = count_groups(frame, ["sex"], decided=SELECTED, truth="truth")
        return judge_groups(counted, "demographic_parity", limit=0.1, **options).verdict

    assert verdict(people(5000)) is FairVerdict.FAIR
    assert verdict(people(5000, gap=0.2)) is FairVerdict.UNFAIR
    assert verdict(people(120), min_rows=10) is FairVerdict.UNPROVEN
    few = pl.concat([people(5000), people(5, groups=("X",))])
    assert verdict(few) is FairVerdict.UNPROVEN
    assert verdict(few, min_rows=6) is FairVerdict.UNPROVEN
    assert verdict(pl.concat([people(5000, gap=0.2), people(5, groups=("X",))])) is FairVerdict.UNFAIR
    assert verdict(people(5000, groups=("F",))) is FairVerdict.UNPROVEN


def test_intersections_and_spans_of_numbers_are_groups():
    frame = people(2000)
    counted = count_groups(frame, ["sex", "age"], decided=SELECTED, truth="truth", cuts={"age": [30, 60]})
    assert counted.groups == tuple(
        f"{sex}, {age}" for sex in "FM" for age in ("below 30", "30 to 60", "60 or more")
    )
    assert counted.rows.sum() == 2000
    young = frame.filter((pl.col("sex") == "F") & (pl.col("age") < 30))
    assert counted.rows[0] == young.height
    assert counted.selected[0] == young.select(SELECTED.sum()).item()
    with pytest.raises(InvalidInput, match="up to 100 groups"):
        count_groups(frame.with_row_index("id"), ["id"], decided=SELECTED, truth="truth")
    with pytest.raises(InvalidInput, match="no column 'race'"):
        count_groups(frame, ["race"], decided=SELECTED, truth="truth")


def test_rows_without_outcome_count_for_selection_alone_and_those_without_a_value_are_a_group():
    frame = pl.DataFrame(
        {"sex": ["F", "F", None, "M"], "score": [0.9, 0.1, 0.9, None], "truth": [1.0, None, 0.0, 1.0]}
    )
    counted = count_groups(frame, ["sex"], decided=SELECTED, truth="truth")
    assert counted.groups == ("F", "M", "none")
    assert counted.rows.tolist() == [2, 1, 1]
    assert counted.selected.tolist() == [1, 0, 1]
    assert counted.known.tolist() == [1, 0, 1]
    assert counted.false_alarms.tolist() == [0, 0, 1]


def test_errors_of_numbers_are_compared_in_their_unit():
    draw = np.random.default_rng(0)
    frame = pl.DataFrame({"shop": draw.choice(["a", "b"], 4000), "truth": draw.normal(size=4000)})
    late = pl.when(pl.col("shop") == "a").then(1.5).otherwise(0.0)
    frame = frame.with_columns(score=pl.col("truth") + late + pl.Series(draw.normal(size=4000)))
    counted = errors_by_group(frame, ["shop"], score="score", truth="truth")
    found = judge_groups(counted, "mean_error", limit=1.0)
    assert (found.verdict, found.highest, found.lowest) == (FairVerdict.UNFAIR, "a", "b")
    one, other = (frame.filter(pl.col("shop") == name) for name in "ab")
    errors = [(each["score"] - each["truth"]).to_numpy() for each in (one, other)]
    spread = math.hypot(*(each.std(ddof=1) / math.sqrt(len(each)) for each in errors))
    assert found.value == pytest.approx(errors[0].mean() - errors[1].mean(), abs=1e-12)
    assert found.low == pytest.approx(found.value - norm.ppf(0.975) * spread, abs=1e-9)
    assert judge_groups(counted, "mae", limit=5.0).verdict is FairVerdict.FAIR


def test_a_criterion_of_two_measures_is_not_proved_while_one_of_them_can_not_be_told():
    def counts(rows, positives):
        known, ones = np.array(rows, dtype=float), np.array(positives, dtype=float)
        half = np.floor(ones / 2)
        return GroupCounts(
            groups=("F", "M"),
            rows=known,
            selected=half,
            known=known,
            hits=half,
            false_alarms=np.zeros(2),
            misses=ones - half,
        )

    found = judge_groups(counts([1020, 1020], [1000, 1000]), "equalized_odds", limit=0.1)
    assert (found.value, found.measure, found.verdict) == (None, "false_positive_rate", FairVerdict.UNPROVEN)
    found = judge_groups(counts([220, 5000], [120, 4950]), "equalized_odds", limit=0.01)
    assert (found.verdict, found.small) == (FairVerdict.UNPROVEN, ["M"])


def test_a_group_of_one_row_is_never_called_fair():
    frame = pl.DataFrame({"shop": ["a"] * 500 + ["b"] * 500 + ["c"], "truth": [0.0] * 1001})
    frame = frame.with_columns(score=pl.Series(np.random.default_rng(0).normal(0, 0.1, 1001)))
    counted = errors_by_group(frame, ["shop"], score="score", truth="truth")
    found = judge_groups(counted, "mean_error", limit=1.0, min_rows=1)
    assert (found.verdict, found.small) == (FairVerdict.UNPROVEN, ["c"])


def test_groups_of_numbers_are_told_apart_by_all_their_digits():
    frame = pl.DataFrame({"code": [1234567.0, 1234568.0, 0.1], "score": [0.9] * 3, "truth": [1.0] * 3})
    counted = count_groups(frame, ["code"], decided=SELECTED, truth="truth")
    assert counted.groups == ("0.1", "1234567", "1234568")


@pytest.mark.parametrize("classes", [(0, 1, 2), (False, True), ("0", "1")])
def test_a_class_is_found_in_answers_and_outcomes_whatever_it_is_written_as(classes):
    rows = make_rows(3000)
    late = (rows["_score"] > 0.5) & (rows["carrier"] != "UA")
    label = pl.Series([classes[1] if each else classes[0] for each in late])
    truth = [classes[int(each)] for each in rows["_outcome"]]
    outcome = pl.Series(truth, dtype=pl.Float64 if classes == (0, 1, 2) else None)
    frame = rows.with_columns(label.alias("_output:label"), outcome.alias("_outcome"))
    check = CHECKS.load("fairness")(columns=("carrier",), favorable=classes[1], criterion="equal_opportunity")
    window = replace(make_window(rows), frame=frame)
    (found,) = check.evaluate(window)
    assert (found.breached, found.slice) == (True, "carrier=UA")
    assert check.missing(window) == ""


def test_groups_with_too_few_rows_are_unknown_and_hide_no_others():
    rows = make_rows(3000)
    less = pl.when(pl.col("carrier") == "UA").then(pl.col("_score") / 2).otherwise(pl.col("_score"))
    rare = pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("x")).otherwise(pl.lit("y")).alias("airport")
    window = make_window(rows.with_columns(less.alias("_score"), rare))
    check = CHECKS.load("fairness")(columns=("carrier", "airport"))
    assert [each.breached for each in check.evaluate(window)] == [True]
    assert check.missing(window).startswith("not two groups of airport have 100 rows")
    is_ua = pl.col("carrier") == "UA"
    few = replace(window, frame=pl.concat([rows.filter(~is_ua), rows.filter(is_ua).head(20)]))
    check = CHECKS.load("fairness")(columns=("carrier",))
    assert check.missing(few) == "fewer than 100 rows of UA to tell demographic_parity from"
    model = KnownModel(ref="model/delay@2", task=Multiclass(classes=("on time", "late")), metrics={})
    with pytest.raises(InvalidInput, match="no class 'lat'"):
        CHECKS.load("fairness")(columns=("carrier",), favorable="lat").check_declaration(model)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=6))
def test_a_gap_lies_within_its_interval_whatever_the_counts(counts):
    hits = np.array([min(pair) for pair in counts], dtype=float)
    among = np.array([max(pair) for pair in counts], dtype=float)
    for found in (share_difference(hits, among), share_ratio(hits, among)):
        if math.isnan(found.value):
            assert math.isnan(found.low)
            continue
        assert -1e-9 <= found.low <= found.value + 1e-9
        assert found.value <= found.high + 1e-9


@pytest.mark.parametrize("name", ["size", "rows", "known", "total"])
def test_a_column_of_groups_may_be_called_as_a_sum_is(name):
    frame = people(400).rename({"sex": name})
    counted = count_groups(frame, [name, "age"], decided=SELECTED, truth="truth", cuts={"age": [40]})
    assert counted.groups == ("F, below 40", "F, 40 or more", "M, below 40", "M, 40 or more")
    errors = errors_by_group(frame, [name], score="score", truth="truth")
    assert (errors.groups, errors.known.sum()) == (("F", "M"), 400)


def test_within_groups_it_is_the_mean_error_of_each_part_that_is_held_against_0():
    frame = people(2000, gap=0.2).with_columns(score=pl.col("score").round(12))
    options = GroupOptions(columns=("sex",), criterion="calibration_within_groups", min_rows=150, bins=4)
    found = options.judged(frame, ("sex",), score="score", truth="truth", decided=SELECTED)
    of_women = frame.filter(pl.col("sex") == "F").sort("score")
    parts = np.array_split(np.arange(of_women.height), 4)
    errors = (of_women["score"] - of_women["truth"]).to_numpy()
    wanted = [errors[part].mean() for part in parts]
    told = [each for each in found.groups if each.group.startswith("F, ")]
    assert [each.value for each in told] == pytest.approx(wanted, abs=0.01)
    assert [each.rows for each in told] == pytest.approx([len(part) for part in parts], abs=1)
    assert found.value == pytest.approx(max(abs(each.value) for each in found.groups), abs=1e-12)
    z = norm.ppf(0.5 + 0.95 ** (1 / len(found.groups)) / 2)
    first = errors[: told[0].rows]
    assert told[0].high - told[0].value == pytest.approx(z * first.std(ddof=1) / math.sqrt(len(first)))


def tally(**changes):
    """Return counts as they are sent, of 100 people, with some lists changed."""
    frame = people(100).with_columns(SELECTED.alias("decided"))
    options = GroupOptions(columns=("sex",), min_rows=10)
    table = counted_groups(frame, ["sex"], options, score="score", truth="truth", decided="decided")
    for name, numbers in changes.items():
        kind, field = name.split("_", 1)
        getattr(table, kind)[field] = numbers
    return GroupTally(model="m", holdout="h", rows=100, found=100, min_rows=10, tables=[table])


@pytest.mark.parametrize(
    "change",
    [
        {"counts_known": [1, 2, 3]},
        {"counts_known": [50.5, 40]},
        {"counts_selected": [0, 0]},
        {"errors_squares": [0.0, 0.0]},
        {"errors_fourths": [1e-9, 1e-9]},
        {"errors_size": [-1.0, 1.0]},
        {"errors_total": [90.0, 0.0]},
    ],
    ids=str,
)
def test_sent_counts_that_no_rows_have_are_refused(change):
    tally().check()
    with pytest.raises(InvalidInput):
        tally(**change).check()
