"""The garbage collector while a process starts."""

import gc

import pytest

from meguru.base.collector import WHILE_STARTING, begin_start, end_start


@pytest.fixture(autouse=True)
def _as_it_was():
    usual = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)


def test_it_looks_rarely_while_a_process_starts_and_as_usual_then():
    usual = gc.get_threshold()
    begin_start()
    assert gc.get_threshold()[0] == WHILE_STARTING
    end_start()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > 0


def test_that_of_a_process_which_is_not_ours_is_left_alone():
    gc.set_threshold(123, 4, 5)
    before = gc.get_freeze_count()
    end_start()
    assert (gc.get_threshold(), gc.get_freeze_count()) == ((123, 4, 5), before)
