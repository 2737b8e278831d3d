"""
A world of the stories laid down as files: a state folder in Git and a registry, on which commands can be run.
"""

import io
import shutil
import subprocess
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, replace

from reconciler.cli.main import run
from reconciler.core.canonical import encode
from reconciler.core.model import Live
from reconciler.core.overrides import Override, Waiver
from reconciler.files.new_export import write_export
from reconciler.targets.sql import SqlTarget
from tests.bench.registry import insert
from tests.world import World

_CONFIG = """\
version: 1
sources:
  cloud: {{type: ibmcloud, account: acc, max_age: 36h}}
targets:
  registry: {{type: sql, url: "sqlite:///{database}", sources: [cloud], policy: registry.yaml}}
"""
_NESTED = ("groups", "roles")
_ALREADY = {"origin", "digest", "places"}
"""What the readers of override files add to what is written there."""


class Told(NamedTuple):
    """
    What a command left: its exit code, what it printed, what it complained of.
    """

    code: int
    out: str
    err: str


def lay_down(world: World, folder: Path) -> None:
    """
    Make `folder` hold what there is in the world now; of what lay there, only what plans remembered stays.
    """
    for name in ("state", ".git"):
        shutil.rmtree(folder / name, ignore_errors=True)
    state, database = folder / "state", folder / ".reconciler" / "registry.db"
    for place in (state / "overrides", state / "policies", database.parent):
        place.mkdir(parents=True, exist_ok=True)
    (state / "reconciler.yaml").write_text(_CONFIG.format(database=database))
    (state / "policies" / "registry.yaml").write_bytes(encode({"version": 1, **world.document}))
    (state / "overrides" / "people.yaml").write_bytes(encode([_entry(one) for one in world.overrides]))
    (state / "overrides" / "waivers.yaml").write_bytes(encode([_entry(one) for one in world.waivers]))
    _export(world, state / "exports" / "cloud")
    for path, content in world.store.read():
        place = state / "ledger" / "registry" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    _registry(world, database)
    _commit(folder)


def _entry(one: Override | Waiver) -> dict[str, Any]:
    """
    Return what a file of overrides says to mean this.
    """
    said: dict[str, Any] = {}
    for known in msgspec.structs.fields(one):
        value = getattr(one, known.name)
        outer, _, inner = known.name.partition("_")
        if known.name in _ALREADY or value == _blank(known):
            continue
        if outer in _NESTED:
            said.setdefault(outer, {})[inner] = value
        else:
            said[known.encode_name] = value
    return said


def _blank(known: FieldInfo) -> object:
    """
    Return what a field holds of which nothing is said.
    """
    return known.default_factory() if known.default_factory is not NODEFAULT else known.default


def _export(world: World, folder: Path) -> None:
    """
    Write the export that the cloud would give now.
    """
    export = world.export()
    whole = export.manifest.complete
    write_export(
        folder,
        source="cloud",
        account=export.manifest.account,
        fetched_at=export.manifest.fetched_at,
        complete=whole,
        faults=() if whole else ("a page of users is missing",),
        read={},
        users=[one.row for one in export.users],
        groups=[one.row for one in export.groups],
    )


def _registry(world: World, database: Path) -> None:
    """
    Make a registry with the accounts and groups that the world's target holds, under the same ids, and its fence.
    """
    database.write_bytes(_empty())
    snapshot, fence = world.target.read(), world.target.fence()
    with closing(connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        insert(connection, map(_with_state, (*snapshot.groups, *snapshot.users)), clock=0)
    if fence:
        with closing(SqlTarget.open(f"sqlite:///{database}")) as target:
            target.move_fence(None, fence)


def _with_state(live: Live) -> Live:
    """
    Return an entity whose state is one of its fields.
    """
    return replace(live, fields={**live.fields, "active": live.active})


@cache
def _empty() -> bytes:
    """
    Return the file of a registry that holds nothing, made once.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "registry.db"
        SqlTarget.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def _commit(folder: Path) -> None:
    """
    Commit the state folder to a repository of its own.
    """
    for arguments in (("init", "-q", "--template="), ("add", "state"), ("commit", "-q", "-m", "Begin")):
        author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        subprocess.run(["git", *author, *arguments], cwd=folder, check=True)


def told(folder: Path, *arguments: str) -> Told:
    """
    Return what a command on the folder leaves.
    """
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = run([*arguments, "--state", str(folder / "state")])
    return Told(code, out.getvalue(), err.getvalue())
