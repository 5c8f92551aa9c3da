"""A program's sizes and weights take no more than they are, whatever its file says."""

import io

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from meguru.errors import TooLarge
from meguru.flavors import pt2file
from meguru.flavors.pt2file import program, run

pytestmark = pytest.mark.xdist_group("torch")  # importing it takes seconds: in one process only


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mul", ([0], 10**12)),
        ("mod", ("%999999999d", 1)),
        ("pow", (7, 10**9)),
        ("mul", (2**40, 2**40)),
        ("add", ("a", "b")),
        ("pow", (2,)),
    ],
)
def test_sizes_are_computed_of_numbers_and_stay_some(name, given):
    with pytest.raises((ValueError, IndexError, TypeError)):
        run._callable(torch, f"_operator.{name}")(*given)
    assert run._callable(torch, "_operator.floordiv")(7, 2) == 3
    assert run._callable(torch, "_operator.getitem")([4, 5], 1) == 5


def test_weights_that_share_a_file_are_counted_each(monkeypatch):
    data = io.BytesIO()
    torch.export.save(torch.export.export(nn.Linear(3, 2).eval(), (torch.zeros(2, 3),)), data)
    clean = pt2file.cleaned(data.getvalue())
    pt2file.read_program(clean)
    monkeypatch.setattr(program, "MAX_BYTES", 20)
    with pytest.raises(TooLarge):
        pt2file.read_program(clean)
