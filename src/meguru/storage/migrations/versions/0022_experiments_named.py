"""Every experiment has a number and a name, also those that no client of MLflow has seen."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

LACKING = sa.text(
    "SELECT name, created_at FROM experiment WHERE name NOT IN (SELECT experiment FROM mlflow_experiment) "
    "ORDER BY created_at, name"
)
INSERT = sa.text(
    "INSERT INTO mlflow_experiment (id, experiment, name, artifact_location, stage, created_at, updated_at) "
    "VALUES (:number, :key, :name, '', 'active', :at, :at)"
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    tx = op.get_bind()
    numbers = set(tx.execute(sa.text("SELECT id FROM mlflow_experiment")).scalars())
    names = set(tx.execute(sa.text("SELECT name FROM mlflow_experiment")).scalars())
    for key, at in tx.execute(LACKING).all():
        number, name = (0, "Default") if key == "default" else (max(numbers, default=0) + 1, key)
        if number in numbers:
            number = max(numbers) + 1
        count, wanted = 1, name
        while name in names:
            count += 1
            name = f"{wanted} ({count})"
        tx.execute(INSERT, {"number": number, "key": key, "name": name, "at": at})
        numbers.add(number)
        names.add(name)


def downgrade() -> None:
    """Go back to the revision before: it bears experiments that have a number."""
