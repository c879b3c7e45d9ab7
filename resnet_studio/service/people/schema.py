"""The layout of the file that keeps people, and how files of earlier versions become the present one.

SQLite from the standard library: five small tables need no object mapper, transactions and locks between the server and
the command line come with it, and a migration is a script whose number SQLite itself keeps (``user_version``).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from resnet_studio.errors import StudioError

FILE = "accounts.sqlite3"
WAIT_SECONDS = 10.0
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE people (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, called TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
        kind TEXT NOT NULL, hash TEXT NOT NULL, must_change INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL
    );
    CREATE TABLE sessions (
        token TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
        created REAL NOT NULL, used REAL NOT NULL
    );
    CREATE INDEX sessions_of ON sessions(person);
    CREATE TABLE guesses (place TEXT PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL, until REAL NOT NULL);
    CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    """
    CREATE TABLE devices (
        token TEXT NOT NULL, person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE, used REAL NOT NULL,
        PRIMARY KEY (token, person)
    );
    """,
)
"""Each brings a file from its number to the next; once released, none is ever changed."""


def opened(folder: Path) -> sqlite3.Connection:
    """The file in ``folder``, made or brought to this version first; only the user of the server may read it.

    Raises :class:`StudioError` where it is of a newer version, or damaged.
    """
    path = folder / FILE
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)  # also where it was copied here
    database = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA foreign_keys = ON")
        migrate(database)
    except sqlite3.DatabaseError as error:
        database.close()
        if isinstance(error, sqlite3.OperationalError):
            raise StudioError("error.people.busy_file", file=str(path)) from error
        raise StudioError("error.people.damaged_file", file=str(path)) from error
    except StudioError:
        database.close()
        raise
    return database


def version_of(database: sqlite3.Connection) -> int:
    """How many migrations the file has seen."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def migrate(database: sqlite3.Connection) -> None:
    """Bring the file to this version, all or nothing, whoever else opens it at the same moment."""
    if version_of(database) == len(MIGRATIONS):
        return
    database.execute("BEGIN EXCLUSIVE")
    try:
        done = version_of(database)  # somebody else may have been faster
        if done > len(MIGRATIONS):
            raise StudioError("error.people.newer_file")
        for number, script in enumerate(MIGRATIONS[done:], done + 1):
            for statement in filter(str.strip, script.split(";")):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
