"""
An organisation's two sides on disk: what the cloud says as an export, and what the floors compare.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from reconciler.core.export import Collection, GroupRow, Manifest, UserRow
from reconciler.core.model import Live
from reconciler.files.new_export import write_export
from reconciler.files.rows import ENCODER, encode
from tests.bench.organisation import ACCOUNT, NOW, SOURCE, Organisation, live_groups, live_users


def write_source(
    folder: Path, users: Sequence[UserRow], groups: Sequence[GroupRow], *, fetched_at: str = NOW
) -> Manifest:
    """
    Write what the cloud says as an export into `folder`, and return its manifest.
    """
    return write_export(
        folder,
        source=SOURCE,
        account=ACCOUNT,
        fetched_at=fetched_at,
        complete=True,
        faults=(),
        read={
            "groups": Collection(rows=len(groups), pages=1, total=len(groups)),
            "users": Collection(rows=len(users), pages=1, total=len(users)),
        },
        users=users,
        groups=groups,
    )


def write_sides(folder: Path, org: Organisation) -> None:
    """
    Write what the floors compare: both sides' rows in one form, and the target's users and groups as read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "desired.jsonl").write_bytes(encode(org.users))
    (folder / "live.jsonl").write_bytes(encode([*org.before, *map(_local_row, org.extra)]))
    _write_lines(folder / "live-users.jsonl", live_users(org))
    _write_lines(folder / "live-groups.jsonl", live_groups(org))


def _local_row(name: str) -> UserRow:
    return UserRow(key=name, user_name=name, state="active")


def _write_lines(path: Path, entities: Iterable[Live]) -> None:
    with path.open("wb") as file:
        file.writelines(ENCODER.encode(entity) + b"\n" for entity in entities)
