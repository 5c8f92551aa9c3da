"""What the database's own errors mean to a person."""

from __future__ import annotations

from sqlalchemy.exc import DataError, StatementError

from meguru.errors import Busy, IntegrityError, InvalidInput, MeguruError, UsageError

_AWAY = "08"
# SQLite compares no pattern of more than 50,000 bytes, and has no code of its own for that. Each look-up by
# the beginning of a name or an id is such a pattern, of whatever somebody sends.
_TOO_LONG_PATTERN = "pattern too complex"
# SQLite's error names, PostgreSQL's SQLSTATE codes, or the first two characters of those (their class).
_FAULTS: tuple[tuple[set[str], type[MeguruError], str, str], ...] = (
    (
        {
            "SQLITE_BUSY",
            "SQLITE_BUSY_RECOVERY",
            "SQLITE_BUSY_SNAPSHOT",
            "SQLITE_LOCKED",
            "55P03",
            "40",
            "53300",
        },
        Busy,
        "the database is busy: others have held it for too long",
        "try again",
    ),
    ({"SQLITE_FULL", "53100"}, Busy, "the database's disk is full", "make room, then try again"),
    ({_AWAY, "57", "28", "3D"}, Busy, "the database does not answer", "check that its server runs"),
    (
        {"SQLITE_CORRUPT", "SQLITE_NOTADB", "XX"},
        IntegrityError,
        "the database is damaged",
        "restore a backup",
    ),
    ({"SQLITE_CANTOPEN"}, UsageError, "the database can't be opened", "check the rights on its folder"),
)


def explain(error: StatementError, place: str) -> MeguruError | None:
    """Return the error to raise instead; None where the database's own is for the caller to judge."""
    why = str(error.orig).strip().partition("\n")[0]
    # Ours, raised while values were bound (a text too long for its column); SQLAlchemy wrapped it.
    if isinstance(error.orig, MeguruError):
        return error.orig
    if isinstance(error, DataError):
        return InvalidInput("a value can't be stored as it is", why=why)
    if _TOO_LONG_PATTERN in why:
        return InvalidInput("a text to look for is too long", why=why)
    found = _codes(error)
    for codes, kind, what, hint in _FAULTS:
        if found & codes:
            return kind(what, where=place, why=why, hint=hint)
    return None


def _codes(error: StatementError) -> set[str]:
    sqlite: str = getattr(error.orig, "sqlite_errorname", None) or ""
    if sqlite:
        return {sqlite}
    state: str = getattr(error.orig, "sqlstate", None) or ""
    if state:
        return {state, state[:2]}
    # psycopg could not even connect, or lost its connection: there was nobody to give a code.
    return {_AWAY} if type(error.orig).__name__ == "OperationalError" else set()
