"""A folder of images as a dataset: drawn by one pipeline, learned from by another."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from meguru import Dataset, Model, pipeline, step

DIGITS = Dataset("digits@latest")


@step
def drawn(count: int, seed: int) -> Path:
    """Write scikit-learn's digits as PNG files, each in the folder of what it shows."""
    data = load_digits()
    folder = Path(tempfile.mkdtemp(prefix="digits-"))
    for number in np.random.default_rng(seed).permutation(len(data.target))[:count]:
        place = folder / str(data.target[number])
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((data.images[number] * 15).astype(np.uint8)).save(place / f"{number:04d}.png")
    return folder


@step
def pixels(digits: Dataset) -> pl.DataFrame:
    """Return a row an image: its 64 grey values, and what it shows, as its folder says."""
    paths = digits.frame()["path"].to_list()
    values = []
    for path in paths:
        with digits.open(path) as file, Image.open(file) as image:
            values.append(np.asarray(image, dtype=np.float64).reshape(-1))
    table = pl.DataFrame(np.stack(values), schema=[f"p{n}" for n in range(64)], orient="row")
    return table.with_columns(label=pl.Series([path.split("/")[0] for path in paths]))


@step
def train(table: pl.DataFrame) -> Model:
    """Learn from most of the images, and keep the others to tell how well."""
    known, held_out = train_test_split(table, test_size=0.25, random_state=0, stratify=table["label"])
    estimator = LogisticRegression(C=0.001, max_iter=500)
    estimator.fit(known.drop("label").to_numpy(), known["label"].to_numpy())
    return Model(estimator=estimator, example=known.drop("label").head(5), holdout=held_out, label="label")


@pipeline(produces="dataset/digits")
def draw(count: int = 600, seed: int = 7):
    return drawn(count, seed)


@pipeline(produces="reader")
def learn(digits: Dataset = DIGITS):
    return train(pixels(digits))
