"""What a step returned and nothing can store is kept with the run, and the failure says where."""

import pytest

from meguru.quarantine.show import list_quarantined
from meguru.testing.pipelines import pipeline_test

PIPELINE = '''
from meguru import pipeline, step

class Weights:
    """Nothing can store it."""
    def __init__(self, values):
        self.values = values

@step(retries=3)
def train(size: int) -> Weights:
    return Weights(bytes(size))

@pipeline(produces="delay")
def fit(size: int = 10):
    return train(size)

@step
def describe() -> str:
    raise ValueError("no")

@pipeline
def fails():
    return describe()
'''


@pytest.fixture
def test(tmp_path):
    (tmp_path / "fit.py").write_text(PIPELINE)
    with pipeline_test(tmp_path / "workspace", isolation="thread") as given:
        yield given


def test_what_a_step_returned_is_kept_in_quarantine(test, tmp_path):
    result = test.run(f"{tmp_path / 'fit.py'}:fit")
    (kept,) = list_quarantined(test.ws).items
    assert kept.ref in result.run.failed.message
    assert (kept.run, kept.step, kept.model) == (result.run.ref, "train", "delay")
    assert kept.listing.imports == ["fit.Weights"]
    assert kept.unknown == ["fit.Weights"]


def test_a_step_that_raises_leaves_nothing(test, tmp_path):
    test.run(f"{tmp_path / 'fit.py'}:fails")
    assert list_quarantined(test.ws).items == []
