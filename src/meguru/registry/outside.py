"""SQL of versions that MLflow's clients registered: those that can't be verified, and the next number."""

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.errors import UnsafeModel
from meguru.registry.schema import mlflow_version
from meguru.storage.db.raw import Raw

VERIFIED, UNVERIFIED = "verified", "unverified"


def newest(tx: Connection, name: str) -> int:
    """Return the highest number that MLflow's clients were ever given for a model; 0 if none was."""
    sql = "SELECT max(version) FROM mlflow_version WHERE name = ?"
    return Raw(tx).execute(sql, (name,)).fetchone()[0] or 0


def refusal(tx: Connection, name: str, version: int) -> UnsafeModel | None:
    """Return why a version is not one that Meguru loads, if MLflow's clients registered it all the same."""
    row = tx.execute(
        select(mlflow_version.c.reason).where(
            mlflow_version.c.name == name,
            mlflow_version.c.version == version,
            mlflow_version.c.state == UNVERIFIED,
            mlflow_version.c.deleted.is_(False),
        )
    ).first()
    if row is None:
        return None
    return UnsafeModel(
        f"version {version} of {name} is unverified: it is kept for MLflow's clients, and not loaded here",
        where=refs.make("model", name, version),
        why=row.reason,
        hint="register it again from a folder that can be verified (skops, with a signature)",
    )
