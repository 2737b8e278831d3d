"""
A whole state folder with its target, ready for a first plan: export, SQLite database, ledger, Git.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from importlib import resources
from pathlib import Path

import yaml

from reconciler.core.ledger import Fence, Head, Ledger
from reconciler.core.model import Fields, Live
from reconciler.core.policy import Policy, build
from reconciler.files.new_ledger import encode_delta
from reconciler.ports import Write
from reconciler.targets.sql import SqlTarget
from tests.bench import organisation as made
from tests.bench.organisation import Organisation

DATABASE = ".reconciler/openpages.db"

_RUN = "1"
_BATCH = 5_000
_CONFIG = f"""\
version: 1
sources:
  {made.SOURCE}: {{type: ibmcloud, account: {made.ACCOUNT}, max_age: 36500d}}
targets:
  {made.TARGET}: {{type: sql, url: "sqlite:///{DATABASE}", sources: [{made.SOURCE}], policy: openpages}}
"""


def make_world(folder: Path, org: Organisation) -> None:
    """
    Make `folder` a Git repository whose state, target and ledger are those of the organisation.

    The commands are to be run in `folder`; the floors read it too.
    """
    state = folder / "state"
    made.write_source(state / "exports" / made.SOURCE, org)
    made.write_sides(folder / "floor", org)
    (state / "reconciler.yaml").write_text(_CONFIG)
    fill_target(folder / DATABASE, org)
    write_ledger(state / "ledger" / made.TARGET, made.ledger(org, preset("openpages")))
    (folder / ".gitignore").write_text("/.reconciler/\n/floor/\n")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "Begin")):
        author = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")
        subprocess.run(["git", *author, *arguments], cwd=folder, check=True)


def preset(name: str) -> Policy:
    """
    Return the policy that a preset of the product describes.
    """
    text = resources.files("reconciler.files").joinpath("presets", f"{name}.yaml").read_text("utf-8")
    return build(yaml.safe_load(text), {})


def fill_target(database: Path, org: Organisation) -> None:
    """
    Make a SQLite registry that holds the organisation's live side, written as the product and administrators would.
    """
    target = SqlTarget.open(f"sqlite:///{database}")
    try:
        _create(target, made.live_groups(org))
        _create(target, made.before_edits(org))
        target.move_fence(None, Fence(lineage=made.LINEAGE, serial=1))
    finally:
        target.close()
    _administer(database, org)


def _create(target: SqlTarget, entities: Sequence[Live]) -> None:
    """
    Create the entities in the target, which must give them the ids they have here.
    """
    for start in range(0, len(entities), _BATCH):
        batch = entities[start : start + _BATCH]
        results = target.write([_write(live) for live in batch], run=_RUN)
        given = [result.live.id if result.live else result.message for result in results]
        if given != [live.id for live in batch]:
            raise AssertionError(f"the target gave other ids, or refused: {given[:3]}")


def _write(live: Live) -> Write:
    fields: Fields = {name: value for name, value in live.fields.items() if value is not None}
    return Write(
        change=f"{live.kind}-{live.id}",
        action="create",
        kind=live.kind,
        id=None,
        key=str(live.external_id),
        name=live.name,
        fields=fields,
        join=live.groups,
    )


def _administer(database: Path, org: Organisation) -> None:
    """
    Do with plain SQL what the organisation's administrators did.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT OR IGNORE INTO profiles (name) VALUES ('Audit')")
        for edit in org.edits:
            _edit(connection, edit)
        connection.executemany("INSERT INTO users (user_name) VALUES (?)", [(name,) for name in org.extra])


def _edit(connection: sqlite3.Connection, edit: made.Edit) -> None:
    """
    Set one shared field of one person.
    """
    if not isinstance(edit.value, tuple):
        connection.execute(f"UPDATE users SET {edit.field} = ? WHERE external_id = ?", (edit.value, edit.key))
        return
    (user,) = connection.execute("SELECT id FROM users WHERE external_id = ?", (edit.key,)).fetchone()
    element = {"profiles": "profile", "roles": "role"}[edit.field]
    connection.execute(f"DELETE FROM user_{edit.field} WHERE user_id = ?", (user,))
    rows = [(user, value) for value in edit.value]
    connection.executemany(f"INSERT INTO user_{edit.field} (user_id, {element}) VALUES (?, ?)", rows)


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """
    Write the files of a ledger below `folder`.
    """
    nothing = Ledger(Head(version=1, lineage="", target=ledger.head.target), {}, {})
    _, files = encode_delta(nothing, ledger.head, ledger.users, ledger.groups)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content or b"")


if __name__ == "__main__":
    make_world(Path(sys.argv[1]), made.organisation(int(sys.argv[2])))
