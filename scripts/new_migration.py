"""Write the migration from the newest revision to today's tables: ``new_migration.py "add x"``."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from meguru.app.migrate import SCRIPTS, newest, upgrade
from meguru.storage.db import Database


def main(message: str) -> None:
    """Compare a freshly migrated database with the tables, and write the difference."""
    number = f"{int(newest() or 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'empty.db'}")
        with db.write() as tx:
            if newest():
                upgrade(tx)
            config = Config()
            config.set_main_option("script_location", str(SCRIPTS))
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            config.attributes["connection"] = tx
            command.revision(config, message, autogenerate=True, rev_id=number)
        db.close()
    (path,) = (SCRIPTS / "versions").glob(f"{number}_*.py")
    text = re.sub(r"    # ### .*\n", "", path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    print(f"wrote {path}: read it, then run the linters' formatter over it")


if __name__ == "__main__":
    main(sys.argv[1])
