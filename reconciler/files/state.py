"""
The state folder as values: configuration, policies, overrides and waivers, with the faults of all its files.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from reconciler.core.limits import OF_A_GROUP, WAIVABLE
from reconciler.core.overrides import Override, Waiver
from reconciler.core.policy import Policy
from reconciler.errors import Fault, InputError
from reconciler.files.config import Config
from reconciler.files.configuration import faults_of
from reconciler.files.entries import agreed, override, waiver
from reconciler.files.explain import close
from reconciler.files.placed import Document
from reconciler.files.policies import policies
from reconciler.files.scan import quoted
from reconciler.files.tree import Loaded, load, yaml_files

CONFIG = "reconciler.yaml"
WAIVERS = "waivers.yaml"
RULINGS = "overrides/groups"


class State(Struct, frozen=True, kw_only=True):
    """
    What people wrote: the configuration, the policy of each target, all overrides and waivers in order of place.

    `document` is the configuration as it was read, with its lines.
    """

    root: Path
    config: Config
    document: Document
    policies: dict[str, Policy]
    overrides: tuple[Override, ...]
    waivers: tuple[Waiver, ...]


class Reading(Struct, frozen=True, kw_only=True):
    """
    What could be understood of a state folder: its sound parts, and every fault of the rest.
    """

    root: Path
    config: Config | None
    document: Document
    policies: dict[str, Policy]
    overrides: tuple[Override, ...]
    waivers: tuple[Waiver, ...]
    faults: tuple[Fault, ...]


def load_state(root: Path) -> State:
    """
    Return the state folder `root` as values.

    Raises InputError with all faults of all files.
    """
    reading = read_state(root)
    if reading.config is None or reading.faults:
        raise InputError(reading.faults)
    return State(
        root=root,
        config=reading.config,
        document=reading.document,
        policies=reading.policies,
        overrides=reading.overrides,
        waivers=reading.waivers,
    )


def read_state(root: Path) -> Reading:
    """
    Return what of the state folder `root` is sound, with all faults of all files; raises nothing.
    """
    if not root.is_dir():
        return _nothing(root, Fault(root.as_posix(), 0, "is not a folder", "make one: reconciler init DIR"))
    known = policies(root)
    settings = load(root / CONFIG, root, "reconciler")
    faults = [*known.faults, *settings.checked.faults]
    if settings.empty:
        faults.append(Fault(settings.document.path, 0, "is empty", "see reconciler init for what belongs there"))
    faults += faults_of(settings.document, settings.checked.value, policies=known.names)
    sound = settings.checked.value is not None and not settings.checked.faults
    config = msgspec.convert(settings.checked.value, Config) if sound else None
    overrides, waivers, told = _decisions(root, _names(settings.checked.value, "targets"))
    chosen = {name: known.named(target.policy) for name, target in config.targets.items()} if config else {}
    return Reading(
        root=root,
        config=config,
        document=settings.document,
        policies={name: policy for name, policy in chosen.items() if policy},
        overrides=overrides,
        waivers=waivers,
        faults=tuple(sorted({*faults, *told})),
    )


def _nothing(root: Path, fault: Fault) -> Reading:
    """
    Return the reading of a folder that cannot be read.
    """
    document = Document((root / CONFIG).as_posix(), None)
    return Reading(
        root=root, config=None, document=document, policies={}, overrides=(), waivers=(), faults=(fault,)
    )


def _decisions(
    root: Path, targets: Iterable[str]
) -> tuple[tuple[Override, ...], tuple[Waiver, ...], tuple[Fault, ...]]:
    """
    Return all sound overrides and waivers below `overrides/`, and the faults.
    """
    folder = root / "overrides"
    found = yaml_files(folder, nested=True)
    faults = list(found.faults)
    overrides: list[Override] = []
    waivers: list[Waiver] = []
    for file in found.files:
        permits = file == folder / WAIVERS
        loaded = load(file, root, "waivers" if permits else "overrides")
        faults += loaded.checked.faults
        if permits:
            waivers += (waiver(entry, loaded.document, at) for at, entry, whole in _sound(loaded) if whole)
        else:
            overrides += (override(entry, loaded.document, at) for at, entry, _ in _sound(loaded) if _named(entry))
    agreement = agreed(overrides)
    faults += [*agreement.faults, *_strangers(waivers, targets), *_unruly(overrides, root)]
    return agreement.overrides, tuple(waivers), tuple(faults)


def _sound(loaded: Loaded) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """
    Yield each entry's number, what the schema leaves of it, and whether that is all.

    What is left of a faulty entry is used for nothing but to look for further faults.
    """
    entries = loaded.checked.value
    broken = {pointer[:2] for pointer in loaded.checked.broken}
    faulty = {pointer[0] for pointer in broken if pointer}
    for at, entry in enumerate(entries if isinstance(entries, list) else ()):
        if at not in faulty:
            yield at, entry, True
        elif isinstance(entry, dict):
            yield at, {key: value for key, value in entry.items() if (at, key) not in broken}, False


def _named(entry: dict[str, Any]) -> bool:
    """
    Return whether what is left of an entry still says whom it is about.
    """
    return "user" in entry or "group" in entry


def _unruly(overrides: Iterable[Override], root: Path) -> Iterator[Fault]:
    """
    Yield a fault for each decision about a group that no reviewer guards, or that says two things.

    Whoever may decide is told by who must approve changes below one folder; elsewhere anybody might.
    """
    for one in overrides:
        if not one.decision:
            continue
        path, _, line = one.places.get("decision", one.origin).rpartition(":")
        if not path.startswith(f"{(root / RULINGS).as_posix()}/"):
            told = f"decision: {one.decision} stands outside {RULINGS}/, where reviewers of groups look after it"
            yield Fault(path, int(line), told, f"move the entry into a file below {RULINGS}/")
        if not isinstance(one.reviewed, str):
            told = "reviewed holds fields: of a group in conflict the digest of both memberships is reviewed"
            yield Fault(path, int(line), told, "let reconciler groups decide write it")
        if one.decision != "rename" and one.rename:
            told = f"decision: {one.decision} and rename: {quoted(one.rename)} are two answers"
            yield Fault(path, int(line), told, "write decision: rename, or remove the new name")


def _strangers(waivers: Iterable[Waiver], targets: Iterable[str]) -> Iterator[Fault]:
    """
    Yield a fault for each waiver for no target, for no guard that a waiver could release, or for no day.
    """
    known = set(targets)
    for one in waivers:
        path, _, line = one.origin.rpartition(":")
        guard, _, group = one.guard.partition(":")
        if one.since > one.until:
            told = f"begins on {one.since} and ends on {one.until}: it never holds"
            yield Fault(path, int(line), told, "`from` is its first day, `until` its last")
        if guard not in WAIVABLE or (group and guard not in OF_A_GROUP):
            told = f"waives guard {quoted(one.guard)}: no waiver releases such a one"
            yield Fault(path, int(line), told, close(guard, WAIVABLE))
        if one.target not in known:
            yield Fault(
                path, int(line), f"waives for target {quoted(one.target)}: no such", close(one.target, known)
            )


def _names(value: Any, section: str) -> tuple[str, ...]:  # noqa: ANN401 - YAML's edge
    """
    Return the keys of a section of the configuration, which may have faults.
    """
    content = value.get(section) if isinstance(value, dict) else None
    return tuple(content) if isinstance(content, dict) else ()
