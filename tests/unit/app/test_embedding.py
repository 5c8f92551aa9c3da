"""From a folder of images to a model, to a correction, and back: scikit-learn's digits as PNG files."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from meguru.app.embedding import embed
from meguru.app.model_inputs import input_of
from meguru.artifacts.lineage import show as lineage
from meguru.compute.dataset_param import open_dataset
from meguru.datasets.folders.client import add_folder
from meguru.datasets.folders.locations import LocalFolder
from meguru.datasets.folders.measure.keep import measurements
from meguru.datasets.operations import diff
from meguru.errors import InvalidInput
from meguru.flavors.model import Model
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn
from meguru.registry.client import add_model

COUNT = 100


@pytest.fixture
def digits(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = load_digits()
    folder = tmp_path / "digits"
    for number in range(10):
        (folder / str(number)).mkdir(parents=True)
    for place, (image, label) in enumerate(zip(found.images[:COUNT], found.target, strict=False)):
        pixels = (image * 15).astype(np.uint8)
        Image.fromarray(pixels).save(folder / str(label) / f"{place:04d}.png")
    return folder


def pixels_of(dataset) -> tuple[pl.DataFrame, list[str]]:
    rows = dataset.frame()
    values = []
    for path in rows["path"]:
        with dataset.open(path) as file, Image.open(file) as image:
            values.append(np.asarray(image, dtype=np.float64).reshape(-1))
    return pl.DataFrame(np.stack(values), schema=[f"p{n}" for n in range(64)], orient="row"), rows["label"]


def test_a_model_learns_from_a_folder_and_its_vectors_tell_when_the_folder_moves(workspace, digits):
    add_folder(workspace, "digits", LocalFolder(digits), label="folder")
    dataset = open_dataset(workspace, "digits@1")
    features, labels = pixels_of(dataset)
    estimator = LogisticRegression(max_iter=300).fit(features.to_numpy() / 255, labels.to_numpy())
    assert estimator.score(features.to_numpy() / 255, labels.to_numpy()) > 0.95
    assert len(dataset.paths()) == COUNT
    assert all(path.is_file() for path in dataset.paths())
    model = add_model(
        workspace, "reader", Model(estimator=estimator, example=features), used=["dataset/digits@1"]
    )
    assert "dataset/digits@1" in {edge.source for edge in lineage(workspace, ref=model.ref).edges}

    kept = embed(workspace, "digits@1", "reader@1")
    assert (kept.by, kept.files, kept.dimensions) == ("model/reader@1", COUNT, 10)
    for path in sorted((digits / "0").glob("*.png"))[:5]:
        path.rename(digits / "1" / path.name)  # corrected labels
    add_folder(workspace, "digits", LocalFolder(digits))
    embed(workspace, "digits@2", "reader@1")
    same = diff(workspace, before="digits@1", after="digits@2")
    assert len(same.files_renamed) == 5
    assert not same.vectors[0].drifted

    (digits / "drawing.svg").write_text("<svg/>")
    (digits / "0/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")  # neither has a vector
    for path in digits.rglob("*/0*.png"):
        with Image.open(path) as image:
            turned = image.transpose(Image.Transpose.ROTATE_90)
        turned.save(path)
    add_folder(workspace, "digits", LocalFolder(digits))
    embed(workspace, "digits@3", "reader@1")
    moved = diff(workspace, before="digits@2", after="digits@3").vectors[0]
    assert (moved.drifted, moved.dimensions, moved.by) == (True, 10, "model/reader@1")
    assert [each.by for each in measurements(workspace, ref="digits@3")] == ["model/reader@1"]


def column(name: str, kind: ColumnType = ColumnType.DOUBLE, *shape: int) -> SignatureColumn:
    return (
        SignatureColumn(name=name, type=kind, sizes=shape) if shape else SignatureColumn(name=name, type=kind)
    )


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (3, 4, 6), (4, 6, 1)])
def test_pixels_come_in_the_shape_that_a_model_takes(tmp_path, shape):
    Image.new("RGB", (12, 8), (255, 0, 0)).save(tmp_path / "red.png")
    taken = input_of(Signature(inputs=(column("image", ColumnType.DOUBLE, *shape),)))
    with (tmp_path / "red.png").open("rb") as file:
        given = taken.of(file)
    assert given.shape == shape
    assert taken.together([given, given])["image"].to_numpy().shape == (2, *shape)
    if shape == (3, 4, 6):
        assert (given[0] == 255).all()
        assert not given[1:].any()


def test_a_model_that_takes_neither_pixels_nor_text_is_refused():
    with pytest.raises(InvalidInput, match="can't be asked of a file"):
        input_of(Signature(inputs=(column("a"), column("b"))))
    text = input_of(Signature(inputs=(column("text", ColumnType.STRING),)))
    assert text.kinds == ("text/",)
