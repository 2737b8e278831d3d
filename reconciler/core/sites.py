"""
Groups where a target has a directory for each site: one group of the source is a group in every one of them.

A name may stand in several directories, so the group `staff` is `emea/staff` in the directory `emea`: to whoever
decides, and in the ledger, they are two. An organisation with one directory has none of this.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from reconciler.core.export import Placed, PlacedGroup

BETWEEN = "/"
"""Stands between a directory and what is in it; no directory's name holds one."""


def in_directories(groups: Iterable[PlacedGroup], directories: Sequence[str]) -> tuple[PlacedGroup, ...]:
    """
    Return the groups as they are in each directory, sorted by key; as the source has them, where there is none.
    """
    if not directories:
        return tuple(groups)
    found = (_within(placed, directory) for placed in groups for directory in directories)
    return tuple(sorted(found, key=lambda placed: placed.row.key))


def member_in(placed: Placed, directories: Sequence[str]) -> Placed:
    """
    Return the person as a member of its groups in each directory.
    """
    keys = sorted(f"{directory}{BETWEEN}{key}" for key in placed.row.groups for directory in directories)
    return Placed(replace(placed.row, groups=tuple(keys)), placed.origin)


def at_source(key: str, directories: Sequence[str]) -> str:
    """
    Return the key that the source gives a group.
    """
    return key.partition(BETWEEN)[2] if directories else key


def directory_in(key: str, directories: Sequence[str]) -> tuple[str, ...]:
    """
    Return the directory of a group, if the target has several.
    """
    return (key.partition(BETWEEN)[0],) if directories else ()


def _within(placed: PlacedGroup, directory: str) -> PlacedGroup:
    row = placed.row
    key, name = f"{directory}{BETWEEN}{row.key}", f"{directory}{BETWEEN}{row.name}"
    return PlacedGroup(replace(row, key=key, name=name), placed.origin)
