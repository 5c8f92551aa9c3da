"""A program knows the run that it works for."""

from __future__ import annotations

import json

import pytest

from meguru.base import parents


def test_our_client_and_that_of_mlflow_are_told():
    assert parents.variables("pipeline_run/p", {}) == {
        "MEGURU_PARENT": "pipeline_run/p",
        "MLFLOW_RUN_CONTEXT": '{"meguru.parent": "pipeline_run/p"}',
    }


def test_tags_that_a_user_gives_to_mlflow_stay():
    found = parents.variables("pipeline_run/p", {"MLFLOW_RUN_CONTEXT": '{"team": "a"}'})
    assert json.loads(found["MLFLOW_RUN_CONTEXT"]) == {"team": "a", "meguru.parent": "pipeline_run/p"}


@pytest.mark.parametrize("text", ["[1]", "{", "1"])
def test_what_mlflow_could_not_read_either_is_left_alone(text):
    assert parents.variables("pipeline_run/p", {"MLFLOW_RUN_CONTEXT": text}) == {
        "MEGURU_PARENT": "pipeline_run/p"
    }


def test_without_a_parent_nothing_is_said():
    assert parents.variables("", {}) == {}
