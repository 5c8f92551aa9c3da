"""A signature is read off the training data, and survives MLflow's JSON."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.errors import InvalidInput
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn, from_mlflow, infer, to_mlflow


def test_each_kind_of_column_gets_its_type():
    frame = pl.DataFrame(
        {
            "late": [True, False],
            "hour": [1, 2],
            "wind": [1.5, None],
            "gust": [1.0, float("nan")],
            "seats": [100, None],
            "carrier": ["UA", None],
            "at": pl.Series(["2013-01-01", "2013-01-02"]).str.to_date(),
        }
    )
    found = {column.name: (column.type.value, column.nullable) for column in infer(frame)}
    assert found == {
        "late": ("boolean", False),
        "hour": ("long", False),
        "wind": ("double", True),
        "gust": ("double", True),
        "seats": ("double", True),
        "carrier": ("string", True),
        "at": ("datetime", False),
    }


def test_a_model_that_handles_missing_values_takes_null_everywhere():
    assert infer(pl.DataFrame({"hour": [1, 2]}), nulls_allowed=True)[0].nullable


def test_a_matrix_gets_names_by_position():
    assert [column.name for column in infer(np.zeros((2, 3)))] == ["x0", "x1", "x2"]


def test_a_pandas_frame_is_read_without_pyarrow():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])})
    assert [column.type.value for column in infer(frame)] == ["long", "string", "string"]


def test_lists_of_one_shape_are_a_column_with_a_shape():
    frame = pl.DataFrame({"picture": [[[1.0, 2.0], [3.0, 4.0]]] * 2, "words": [["a", "b", "c"]] * 2})
    assert [(column.type.value, column.shape) for column in infer(frame)] == [
        ("double", (2, 2)),
        ("string", (3,)),
    ]


@pytest.mark.parametrize("lists", [[[1], [2, 3]], [[1], None], [[1], [None]], [[], []]])
def test_lists_that_are_no_tensor_are_refused_by_name(lists):
    with pytest.raises(InvalidInput, match="legs") as caught:
        infer(pl.DataFrame({"legs": lists}))
    assert caught.value.field == "legs"


columns = st.lists(
    st.builds(
        SignatureColumn, name=st.text(min_size=1), type=st.sampled_from(ColumnType), nullable=st.booleans()
    ),
    unique_by=lambda column: column.name,
).map(tuple)


@given(columns)
def test_mlflows_json_says_the_same(inputs):
    nullable = [column.name for column in inputs if column.nullable]
    assert from_mlflow(to_mlflow(inputs), nullable) == inputs


def test_the_json_has_mlflows_keys():
    inputs = (SignatureColumn(name="hour", type=ColumnType.LONG),)
    assert json.loads(to_mlflow(inputs)) == [{"type": "long", "name": "hour", "required": True}]


def of_tensors(*shapes, dtype="float32"):
    spec = [{"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}} for shape in shapes]
    return from_mlflow(json.dumps(spec))


def test_a_signature_of_one_matrix_is_a_column_for_each_of_its_own():
    assert [each.name for each in of_tensors((-1, 3))] == ["x0", "x1", "x2"]
    assert {each.type for each in of_tensors((-1, 3))} == {ColumnType.DOUBLE}
    assert of_tensors((-1, 1), dtype="int64")[0].type is ColumnType.LONG


@pytest.mark.parametrize("shapes", [((-1, -1),), ((-1, 10**9),), ((-1, 2), (-1, 3)), ((-1, 3_000, 3_000),)])
def test_a_signature_of_other_tensors_is_refused(shapes):
    with pytest.raises(InvalidInput):
        of_tensors(*shapes)


@pytest.mark.parametrize(
    ("said", "names", "shapes"),
    [
        ({"tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}, ("x0", "x1", "x2"), [(), (), ()]),
        (
            {"name": "picture", "tensor-spec": {"dtype": "float32", "shape": [-1, 2, 2]}},
            ("picture",),
            [(2, 2)],
        ),
    ],
)
def test_a_tensor_of_mlflows_is_columns(said, names, shapes):
    found = Signature(inputs=from_mlflow(json.dumps([{"type": "tensor", **said}])))
    assert found.names == names
    assert [column.shape for column in found.inputs] == shapes


@pytest.mark.parametrize("shape", [[-1, -1], [-1, 3_000, 3_000], [-1, 0], [-1, 2, 2, 2, 2, 2], [-1, 10**30]])
def test_a_tensor_of_any_or_endless_sizes_is_refused(shape):
    said = {"type": "tensor", "name": "x", "tensor-spec": {"dtype": "float64", "shape": shape}}
    with pytest.raises(InvalidInput):
        from_mlflow(json.dumps([said]))


def test_only_numbers_and_booleans_fit_a_matrix():
    number, text = (
        SignatureColumn(name="a", type=ColumnType.LONG),
        SignatureColumn(name="b", type=ColumnType.STRING),
    )
    assert Signature(inputs=(number,)).numeric
    assert not Signature(inputs=(number, text)).numeric
