"""What is forgotten of logged models when runs are removed for good, and what versions need of those."""

from sqlalchemy import Connection, delete, exists, select

from meguru.errors import Conflict
from meguru.mlflow.schema import logged_model, mlflow_version, stored_file
from meguru.registry import tags_index as labels
from meguru.registry.schema import model_label, model_version
from meguru.tracking.run_ids import to_hex


def forget_runs(tx: Connection, experiment: int, runs: list[str]) -> None:
    """Remove the logged models of an experiment, by its number, with their files.

    Raises
    ------
    Conflict
        If a registered version has its files where one of the runs keeps them.
    """
    said, verified = mlflow_version.c, model_version.c
    models = list(
        tx.execute(select(logged_model.c.id).where(logged_model.c.experiment == str(experiment))).scalars()
    )
    is_verified = exists().where(verified.name == said.name, verified.version == said.version)
    theirs = said.run.in_([*runs, *map(to_hex, runs)]) | said.logged_model.in_(models)
    query = select(said.name, said.version).where(theirs, ~said.deleted, ~is_verified)
    needing = tx.execute(query.limit(1)).first()
    if needing is not None:
        raise Conflict(
            f"the model {needing.name!r} needs the files of a run of this experiment",
            why=f"its version {needing.version} was registered from there, and has no copy of its own",
            hint="delete that version first, by MLflow's client",
        )
    for identity in models:
        tx.execute(
            delete(stored_file).where(
                stored_file.c.path.startswith(f"{experiment}/models/{identity}/", autoescape=True)
            )
        )
    owned = model_label.c.kind.in_((labels.LOGGED, labels.PARAM)) & model_label.c.owner.in_(models)
    tx.execute(delete(model_label).where(owned))
    tx.execute(delete(logged_model).where(logged_model.c.id.in_(models)))
