"""SQL of labels: tags and params of models and versions, a row each, so that an index finds them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, delete, update

from meguru.registry.schema import model_label
from meguru.storage.db import rowwise

MODEL, VERSION, LOGGED, PARAM = "model", "version", "logged", "param"
"""What a label is of: a registered model, a version, a logged model; or a param of a logged model."""


def keep(tx: Connection, kind: str, owner: str, pairs: Mapping[str, str], *, number: int = 0) -> None:
    """Write the labels of something over those it had before."""
    same = {"kind": kind, "owner": owner, "number": number}
    rowwise.delete(tx, model_label, same)
    rowwise.insert(tx, model_label, *(same | {"key": key, "value": pairs[key]} for key in sorted(pairs)))


def rename(tx: Connection, old: str, new: str) -> None:
    """Give a registered model's labels, and those of its versions, to its new name."""
    tx.execute(update(model_label).where(_of_name(old)).values(owner=new))


def forget(tx: Connection, name: str) -> None:
    """Forget the labels of a registered model and of its versions."""
    tx.execute(delete(model_label).where(_of_name(name)))


def _of_name(name: str) -> ColumnElement[bool]:
    return model_label.c.kind.in_([MODEL, VERSION]) & (model_label.c.owner == name)
