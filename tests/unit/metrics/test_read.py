import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.metrics import METRICS, find_metric, metric_of


def test_every_name_of_the_family_names_its_metric():
    for name in set(METRICS.names()) - {"cost"}:
        assert metric_of(name).key == name
        assert metric_of(metric_of(name).name) == metric_of(name)
        assert metric_of({"metric": name}) == metric_of(name)


def test_a_name_that_is_none_gets_its_neighbours():
    with pytest.raises(NotFound) as error:
        metric_of("acuracy")
    assert "accuracy" in error.value.hint
    assert find_metric("revenue_2024") is None


@pytest.mark.parametrize("given", ["auc@3", {"metric": "auc", "k": 3}, {"k": 3}, {"metric": 3}])
def test_what_a_metric_does_not_take_is_refused(given):
    with pytest.raises(InvalidInput):
        metric_of(given)
