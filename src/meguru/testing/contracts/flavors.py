"""What every model flavor must do. Subclass it, and give the flavor and a way to train one of its models."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meguru.errors import MeguruError, UnsafeModel
from meguru.flavors import mlmodel
from meguru.flavors.base import Flavor, Matrix
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn
from meguru.tasks import Task, task_of

TARGETS: dict[str, Callable[[Matrix], Any]] = {
    "multiclass": lambda features: (features[:, 0] > 0).astype(int) + (features[:, 1] > 0),
    "multilabel": lambda features: (features[:, :2] > 0).astype(int),
    "multioutput": lambda features: features[:, :2] * 2,
    "quantile": lambda features: features[:, 0] + features[:, 1],
    "ranking": lambda features: (features[:, 0] > 0).astype(int) + (features[:, 1] > 0),
    "regression": lambda features: features[:, 0] + features[:, 1],
}
"""What a model of each task learns from the features of the contract; of a ranking ten rows are a group."""


class FlavorContract:
    """The promises of `meguru.flavors.base.Flavor`."""

    def flavor(self) -> Flavor:
        """Return the flavor under test."""
        raise NotImplementedError

    def train(self, features: Matrix, labels: Matrix) -> Any:
        """Return a binary model trained on these rows; the same rows give an equal model."""
        raise NotImplementedError

    def train_for(self, task: str, features: Matrix, target: Any) -> Any:  # noqa: ARG002
        """Return a model of another task, one of `TARGETS`; None where there is none."""
        return None

    def task(self, model: Any) -> Task:
        """Return what such a model is found to do."""
        return self.flavor().task(model, None)

    @pytest.fixture
    def rows(self) -> tuple[Matrix, Matrix]:
        """Features of shape (300, 3) and labels of 0 and 1 that depend on them."""
        features = np.random.default_rng(7).normal(size=(300, 3))
        return features, (features[:, 0] + features[:, 1] > 0).astype(np.float64)

    @pytest.fixture
    def signature(self) -> Signature:
        """Three numbers in, one score out."""
        inputs = tuple(SignatureColumn(name=name, type=ColumnType.DOUBLE) for name in ("a", "b", "c"))
        return Signature(inputs=inputs, outputs=task_of("binary").outputs())

    @pytest.fixture
    def saved(self, rows: tuple[Matrix, Matrix], signature: Signature, tmp_path: Path) -> Path:
        """A folder with a saved model."""
        return self.save(self.train(*rows), signature, tmp_path / "saved")

    def save(self, model: Any, signature: Signature, folder: Path) -> Path:
        """Save a binary model into a new folder."""
        folder.mkdir()
        self.flavor().save(model, folder, signature=signature, task=self.task(model))
        return folder

    def test_it_knows_its_own_models(self, rows: tuple[Matrix, Matrix]) -> None:
        assert self.flavor().can_save(self.train(*rows))
        assert not self.flavor().can_save(object())

    def test_a_loaded_model_keeps_its_signature_and_task(self, saved: Path, signature: Signature) -> None:
        loaded = self.flavor().load(saved)
        assert loaded.signature == signature
        assert loaded.task.key == "binary"

    def test_scores_are_probabilities_that_follow_the_labels(
        self, saved: Path, rows: tuple[Matrix, Matrix]
    ) -> None:
        features, labels = rows
        scores = np.asarray(self.flavor().load(saved).predict(features))
        assert scores.shape == labels.shape
        assert scores.dtype == np.float64
        assert scores[labels == 1].mean() > scores[labels == 0].mean()

    def test_a_matrix_and_a_frame_get_the_same_scores(
        self, saved: Path, rows: tuple[Matrix, Matrix], signature: Signature
    ) -> None:
        import polars as pl

        features = rows[0]
        frame = pl.DataFrame({name: features[:, i] for i, name in enumerate(signature.names)})
        loaded = self.flavor().load(saved)
        np.testing.assert_array_equal(loaded.predict(features), loaded.predict(frame.select("c", "a", "b")))

    def test_equal_models_are_equal_folders(
        self, saved: Path, rows: tuple[Matrix, Matrix], signature: Signature, tmp_path: Path
    ) -> None:
        again = self.save(self.train(*rows), signature, tmp_path / "again")
        assert contents(again) == contents(saved)

    def test_models_of_other_tasks_answer_as_their_tasks_say(
        self, rows: tuple[Matrix, Matrix], signature: Signature, tmp_path: Path
    ) -> None:
        for task, target in TARGETS.items():
            model = self.train_for(task, rows[0], target(rows[0]))
            if model is not None:
                self.check_task(task, model, signature, rows[0], tmp_path / task)

    def check_task(self, task: str, model: Any, signature: Signature, features: Matrix, folder: Path) -> None:
        """Save a model of a task twice, and ask it."""
        assert self.task(model).key == task
        folder.mkdir()
        one, two = (self.save(model, signature, folder / name) for name in ("one", "two"))
        assert contents(one) == contents(two)
        loaded = self.flavor().load(one)
        assert loaded.task == self.task(model)
        answer = loaded.task.answer(loaded.predict(features), len(features))
        assert set(answer) == {output.name for output in loaded.task.outputs()}

    def own_file(self, folder: Path) -> Path:
        """Return the model's own file, which the flavor's section of MLmodel names."""
        described = mlmodel.read(folder, [self.flavor().name])
        own = [path for path in folder.iterdir() if path.name in map(str, described.options.values())]
        assert own, "the flavor's section of MLmodel names the model's file"
        return own[0]

    def test_a_damaged_model_is_refused_with_an_error_of_ours(self, saved: Path) -> None:
        own = self.own_file(saved)
        own.write_bytes(own.read_bytes()[: own.stat().st_size // 2])
        with pytest.raises(MeguruError):
            self.flavor().load(saved)

    @pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"{}", b"[" * 100_000, b"\xff" * 64])
    def test_what_is_no_model_is_refused_with_an_error_of_ours(self, saved: Path, content: bytes) -> None:
        self.own_file(saved).write_bytes(content)
        with pytest.raises(MeguruError):
            self.flavor().load(saved)

    def test_a_pickle_under_the_models_name_is_refused(self, saved: Path) -> None:
        self.own_file(saved).write_bytes(pickle.dumps({"weights": [1.0]}))
        with pytest.raises(UnsafeModel, match="pickle"):
            self.flavor().load(saved)

    def test_a_file_outside_of_the_folder_is_refused(self, saved: Path, tmp_path: Path) -> None:
        own, described = self.own_file(saved), saved / mlmodel.FILE
        own.rename(tmp_path / own.name)
        described.write_text(described.read_text().replace(f": {own.name}\n", f": ../{own.name}\n"))
        with pytest.raises(MeguruError):
            self.flavor().load(saved)

    def test_a_link_to_a_model_is_refused(self, saved: Path, tmp_path: Path) -> None:
        own = self.own_file(saved)
        own.rename(tmp_path / own.name)
        own.symlink_to(tmp_path / own.name)
        with pytest.raises(UnsafeModel, match="link"):
            self.flavor().load(saved)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
