"""
How the index of names is made, and kept: from an export and a ledger that are proved whole, by what has changed.

Of the next export all files are looked at, and those decoded that are new; of the ledger, those that commits have
changed are taken in, and their seal still holds.
"""

import hashlib
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from reconciler.core.canonical import REFUSALS
from reconciler.core.ledger import Head
from reconciler.core.model import Kind
from reconciler.files.exports import OpenExport
from reconciler.files.few import DoubtError, sound_rows
from reconciler.files.ledger import OpenLedger
from reconciler.files.manifest import content_of
from reconciler.files.names import VERSION, File, Names, of_export, of_ledger, of_members
from reconciler.files.shards import path_of
from reconciler.files.tally import share, written

LONGEST = 256
"""People in a file that may be passed over: a byte then numbers each."""


def index_all(names: Names, export: OpenExport, ledger: OpenLedger, *, revision: str, members: bool) -> None:
    """
    Make the index anew, from an export and a ledger that are read whole, and so proved.

    `members`: who is in a group of the source is asked, too. Raises what reading raises; there is no index then.
    """
    with names.rewritten():
        names.begin()
        for digits, leaf in ledger.shards():
            _add_ledger(names, path_of("users", digits), leaf.content)
        for path, content in ledger.read("groups", "groups.jsonl"):
            _add_ledger(names, path, content)
        _add_export(names, export, members=members)
        names.end(version=VERSION, ledger=revision, rows=ledger.head.rows)


def index_export(names: Names, export: OpenExport, *, members: bool) -> None:
    """
    Let the index be of this export: it is proved whole, but only files that have changed are decoded.
    """
    with names.rewritten():
        _add_export(names, export, members=members)


def _add_export(names: Names, export: OpenExport, *, members: bool) -> None:
    """
    Take in the files of an export. One that was sound is so still, unless a group is gone that its people are in.
    """
    digest, groups = digest_of(export.folder), _all_of(export)
    known = names.files("export user")
    old = names.files("export group").keys() | known.keys()
    sound = names.fact("groups") == groups and (not members or names.fact("members") == "yes")
    for digits, leaf in export.shards():
        path = f"export/{path_of('users', digits)}"
        before, found = known.get(path), leaf.digest
        old.discard(path)
        if sound and before and before.note and before.digest == found:
            leaf.skip(before.note)
            continue
        rows = [one.row for one in leaf.read().placed]
        note = leaf.note() if len(rows) <= LONGEST else None
        marks = chain(of_export("user", rows), of_members(rows) if members else ())
        names.add(path, File(side="export user", rows=len(rows), digest=found, note=note), marks)
    for shard in export.tallied:
        path, found = f"export/{shard.name}", hashlib.sha256(shard.content).digest()
        old.discard(path)
        file = File(side="export group", rows=len(shard.rows), digest=found)
        names.add(path, file, of_export("group", shard.rows))
    for path in old:
        names.drop(path)
    names.end(export=digest, groups=groups, members="yes" if members else "")


def _all_of(export: OpenExport) -> str:
    """
    Return what tells the groups of one export from those of another.
    """
    return hashlib.sha256("\0".join(one.row.key for one in export.groups).encode()).hexdigest()


def digest_of(folder: Path) -> str:
    """
    Return what tells one export from another: the digest of its manifest, as it is written.
    """
    return hashlib.sha256(content_of(folder / "manifest.json")).hexdigest()


def _add_ledger(names: Names, path: str, content: bytes) -> None:
    """
    Take in a file of the ledger. Raises DoubtError where it cannot be decoded.
    """
    kind: Kind = "user" if path.startswith("users") else "group"
    try:
        rows, marks = of_ledger(kind, content)
    except REFUSALS as error:
        raise DoubtError from error
    names.add(
        f"ledger/{path}", File(side=f"ledger {kind}", rows=rows, digest=share(path, content).to_bytes(32)), marks
    )


def take_in(names: Names, files: Mapping[str, bytes | None], head: Head, *, revision: str) -> None:
    """
    Take into the index the files of the ledger's rows that commits have changed (None: removed).

    Raises DoubtError where the files are then not those of which the head tells.
    """
    with names.rewritten():
        total = int(names.fact("rows") or "0", 16)
        for path, content in files.items():
            total -= int.from_bytes(names.digest(f"ledger/{path}") or b"")
            total += 0 if content is None else share(path, content)
            if content is None:
                names.drop(f"ledger/{path}")
            else:
                sound_rows(path, content)
                _add_ledger(names, path, content)
        if written(total) != head.rows:
            raise DoubtError
        names.end(ledger=revision, rows=head.rows)
