"""How sure and how large a finding is."""

import pytest

from meguru.monitoring.deciding.significance import alerts_immediately, more_than_chance, strength_of
from meguru.monitoring.types import Finding, Severity


def found(severity=Severity.INPUT_DRIFT, **fields):
    given = {"check": "ks", "model": "model/delay@1", "says": "", "breached": True} | fields
    return Finding(severity=severity, **given)


def test_of_many_columns_those_are_told_that_chance_hardly_makes():
    findings = [found(p_value=each) for each in (0.0001, 0.0004, 0.02, 0.5, 0.9)]
    assert more_than_chance(findings, 0.01) == [True, True, False, False, False]


def test_what_is_no_drift_or_has_no_p_value_stands_as_it_was_found():
    findings = [found(Severity.DATA_BREAK, p_value=0.5), found(), found(p_value=0.5)]
    assert more_than_chance(findings, 0.01) == [True, True, False]


@pytest.mark.parametrize(
    ("fields", "strength"),
    [
        ({"effect": 0.1, "floor": 0.05}, 2.0),
        ({"effect": 0.1, "statistic": 0.15, "threshold": 0.1}, 2.0),
        ({"effect": 0.0, "statistic": 0.01, "threshold": 0.1, "breached": False}, 0.0),
        ({}, None),
    ],
)
def test_strength_is_the_effect_in_units_of_what_is_worth_an_alarm(fields, strength):
    assert strength_of(found(**fields)) == pytest.approx(strength)


def test_harm_rings_at_once_but_where_chance_could_have_made_it():
    drop = Severity.PERFORMANCE_DROP
    assert alerts_immediately(found(drop), 1.2)
    assert alerts_immediately(found(drop, p_value=1e-7), 1.2)
    assert not alerts_immediately(found(drop, p_value=0.01), 1.2)
    assert alerts_immediately(found(drop, p_value=0.01), 2.0)
    assert not alerts_immediately(found(Severity.INPUT_DRIFT, p_value=1e-9), 1.2)
