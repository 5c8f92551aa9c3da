"""A registered model inside an application: it answers rows without a server.

Neither the database nor Polars is imported for it, unless the model itself wants a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from meguru.errors import Conflict, InvalidInput
from meguru.flavors.bundle import Bundle
from meguru.flavors.rows import decoder
from meguru.flavors.signature import ColumnType, Signature
from meguru.tasks import RawAnswer, Task

_ALIKE = {"integer": "long", "int": "long", "float": "double", "str": "string", "bool": "boolean"}


class EmbeddedModel:
    """A loaded version that predicts in this process; threads may share it.

    Attributes
    ----------
    ref
        The version, such as ``model/delay@3``; empty for a folder of files.
    digest
        Names what predicts: pin it in `meguru.load`.
    row_type
        The struct of one row, made from the signature: with it, a type checker of values.
    """

    def __init__(self, bundle: Bundle, *, ref: str, digest: str, metrics: Mapping[str, float]) -> None:
        self._bundle, self._reader = bundle, decoder(bundle.signature)
        self.ref, self.digest, self.metrics = ref, digest, dict(metrics)
        self.row_type = self._reader.row_type

    @property
    def signature(self) -> Signature:
        """The columns it takes, in order."""
        return self._bundle.signature

    @property
    def task(self) -> Task:
        """What its answers mean."""
        return self._bundle.task

    def predict(self, data: Any) -> RawAnswer:
        """Return the raw answer for rows, checked against the signature: one score a row of a binary model.

        Parameters
        ----------
        data
            A list of rows (mappings by column), one row, columns by name, a matrix in signature order, or a
            frame of polars or pandas.

        Raises
        ------
        InvalidInput
            Naming the value that does not fit (``rows[3].dep_hour``).
        """
        if not isinstance(data, list | Mapping):
            return self._bundle.predict(data)
        one = isinstance(data, Mapping) and not any(isinstance(value, list) for value in data.values())
        rows = self._reader.convert([data] if one else data)
        if self._bundle.takes == "matrix":
            return self._bundle.predict(self._reader.matrix(rows))
        return self._bundle.predict(self._reader.frame(rows))

    def answer(self, data: Any) -> list[dict[str, Any]]:
        """Return for each row the outputs by name, as an endpoint's answer shows them.

        A binary or regression model answers ``{"score": 0.31}``, one of classes also ``label``; what rows may
        be: see `predict`.
        """
        raw = self.predict(data)
        rows = len(next(iter(raw.values()))) if isinstance(raw, Mapping) else len(raw)
        columns = self.task.answer(raw, rows)
        labels = {output.name: output.labels for output in self.task.outputs() if output.labels}
        plain = {name: np.asarray(values).tolist() for name, values in columns.items()}
        return [
            {
                name: dict(zip(labels[name], values[row], strict=True)) if name in labels else values[row]
                for name, values in plain.items()
            }
            for row in range(rows)
        ]

    def check(self, columns: Iterable[str] | Mapping[str, Any]) -> None:
        """Refuse a version that wants other columns than an application sends: for the application's CI.

        Parameters
        ----------
        columns
            What the application sends: names, or names with their types, in MLflow's words or Python's
            (``{"hour": "long", "wind": float}``).

        Raises
        ------
        Conflict
            Naming each column that the model needs and the application does not send, and each whose type
            does not fit. A column that the model does not know is refused too: no row with it is taken.
        """
        sent = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
        faults = [*_missing(self.signature, sent), *_misfits(self.signature, sent)]
        if faults:
            what = self.ref or "the model"
            raise Conflict(
                f"{what} does not take what the application sends",
                where=self.ref,
                why="; ".join(faults[:8]),
                hint="change the application, or pin the version that it was written for",
            )

    def __repr__(self) -> str:
        return f"<{self.ref or 'model'} {self.task.key} {self.digest[:12]}>"


def _missing(signature: Signature, sent: Mapping[str, Any]) -> list[str]:
    names = set(signature.names)
    return [
        *(
            f"it needs {column.name!r} ({column.type.value})"
            for column in signature.inputs
            if column.name not in sent
        ),
        *(f"it does not know {name!r}" for name in sent if name not in names),
    ]


def _misfits(signature: Signature, sent: Mapping[str, Any]) -> list[str]:
    found = []
    for column in signature.inputs:
        said = sent.get(column.name)
        if said is not None and not _fits(_type_of(said, column.name), column.type):
            found.append(f"{column.name!r} is {column.type.value} there and {_name(said)} here")
    return found


def _name(said: Any) -> str:
    return str(getattr(said, "__name__", said))


def _type_of(said: Any, name: str) -> ColumnType:
    word = _name(said)
    try:
        return ColumnType(_ALIKE.get(word, word))
    except ValueError:
        known = ", ".join(ColumnType)
        raise InvalidInput(f"{word!r} is no type of a column", field=name, hint=f"one of {known}") from None


def _fits(sent: ColumnType, wanted: ColumnType) -> bool:
    return sent is wanted or (sent is ColumnType.LONG and wanted is ColumnType.DOUBLE)
