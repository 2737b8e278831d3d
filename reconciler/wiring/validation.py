"""
Every file of a state folder, checked at once: what each says, and what they say of each other.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.book import Book, load
from reconciler.core.canonical import REFUSALS
from reconciler.core.directory import Directory, directory_of
from reconciler.core.export import Export
from reconciler.core.joined import joined
from reconciler.core.ledger import Ledger
from reconciler.core.policy import GroupPolicy
from reconciler.core.runs import verify_chain
from reconciler.core.sites import in_directories
from reconciler.errors import Fault, InputError, LedgerError, SourceError
from reconciler.files.config import TargetConfig
from reconciler.files.exports import GROUPS, USERS, read_export
from reconciler.files.references import check
from reconciler.files.schema import explain
from reconciler.files.state import Reading, State, read_state
from reconciler.history import read_runs
from reconciler.wiring.adapters import open_store
from reconciler.wiring.drawing import joining
from reconciler.wiring.elsewhere import about_here, strangers
from reconciler.wiring.settings import misfits, setting_faults
from reconciler.wiring.surroundings import clock

READ = (".json", ".jsonl", ".yaml")
LEDGER = "ledger"


class Checkup(Struct, frozen=True, kw_only=True):
    """
    How many files were looked at, and what is wrong: faults, which stop a run, and warnings, which do not.
    """

    files: int
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


class _Found(Struct, frozen=True, kw_only=True):
    """
    What one part of the check found.
    """

    faults: list[Fault]
    warnings: list[Fault]


def check_state(root: Path, *, environ: Mapping[str, str]) -> Checkup:
    """
    Return every fault of every file of the state folder `root`, each once, sorted by place; raises nothing of them.

    The ledger is checked as Git has it. Where one file cannot be read, what it refers to is checked all the same.
    """
    reading = read_state(root)
    found = _Found(faults=list(reading.faults), warnings=[])
    if reading.config:
        found.faults.extend(setting_faults(reading.document, reading.config))
        found.faults.extend(misfits(reading.document, reading.config, reading.policies))
    exports = _exports(root, reading, found)
    ledgers, recorded = _ledgers(root, reading, found, environ=environ)
    _references(reading, exports, ledgers, found)
    return Checkup(
        files=len(list(_files(root))) + recorded,
        faults=tuple(sorted(set(found.faults))),
        warnings=tuple(sorted(set(found.warnings))),
    )


def _files(root: Path) -> Iterator[Path]:
    """
    Yield every file of the folder that a run reads; the ledger's are counted where they are committed.
    """
    for parent, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not (Path(parent) == root and name == LEDGER)]
        yield from (Path(parent, name) for name in names if name.endswith(READ) and not name.startswith("."))


def _exports(root: Path, reading: Reading, found: _Found) -> dict[str, Export]:
    """
    Return the exports that can be believed, by source.
    """
    wanted = set(reading.config.sources) if reading.config else set()
    folder = root / "exports"
    there = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    exports: dict[str, Export] = {}
    for name in sorted(wanted | there):
        if reading.config and name not in wanted:
            told = "no source of reconciler.yaml has this name, so nobody reads it"
            found.warnings.append(Fault(str(folder / name), 0, told, "remove it, or name the source"))
        try:
            exports[name] = read_export(
                folder / name,
                user_form=replace(USERS, explain=_explained("user")),
                group_form=replace(GROUPS, explain=_explained("group")),
            )
        except InputError as error:
            found.faults.extend(error.faults)
        except SourceError as error:
            found.warnings.append(Fault(str(folder / name), 0, "there is no export of this source", error.hint))
    return exports


def _explained(schema: str) -> Callable[[bytes], Sequence[str]]:
    """
    Return the function that says why a schema refuses a line; it says nothing where the line is no JSON at all.
    """

    def told(line: bytes) -> Sequence[str]:
        try:
            value = msgspec.json.decode(line)
        except REFUSALS:
            return ()
        return [one.message for one in explain(value, schema)]

    return told


def _ledgers(
    root: Path, reading: Reading, found: _Found, *, environ: Mapping[str, str]
) -> tuple[dict[str, Ledger], int]:
    """
    Return the ledgers that can be read, by target, and how many files all of them have.
    """
    if reading.config is None:
        told = "cannot be read, so the ledger and what overrides refer to were not checked"
        found.warnings.append(
            Fault(str(root / "reconciler.yaml"), 0, told, "correct its faults, then validate again")
        )
        return {}, 0
    state = State(
        root=root, config=reading.config, document=reading.document, policies={}, overrides=(), waivers=()
    )
    ledgers: dict[str, Ledger] = {}
    files = 0
    for target in sorted(reading.config.targets):
        store = open_store(state, target, clock(environ))
        files += sum(1 for _ in store.read())
        place = (root / LEDGER / target).as_posix()
        try:
            book = Book(target=target, store=store, folder=root.resolve().parent)
            ledger = load(book).ledger.whole()
            ledgers[target] = ledger
            broken = verify_chain(read_runs(store), last=ledger.head.previous)
            found.faults.extend(_placed(InputError(broken), place))
        except (LedgerError, InputError) as error:
            found.faults.extend(_placed(error, place))
    return ledgers, files


def _placed(error: LedgerError | InputError, place: str) -> Iterator[Fault]:
    """
    Yield the faults of a ledger, whose paths start at its folder `place`.
    """
    cause = error if isinstance(error, InputError) else error.__cause__
    if not isinstance(cause, InputError):
        yield Fault(place, 0, error.message, error.hint)
        return
    for fault in cause.faults:
        yield Fault(f"{place}/{fault.path}", fault.line, fault.message, fault.hint or error.hint)


def _references(
    reading: Reading, exports: Mapping[str, Export], ledgers: Mapping[str, Ledger], found: _Found
) -> None:
    """
    Note what overrides and policies say of others that is not so, for each target whose files can be read.
    """
    targets = reading.config.targets if reading.config else {}
    policies = reading.policies if len(reading.policies) == len(targets) else {}
    known = dict(_directories(reading, exports, ledgers, found))
    for name, (directory, roles) in known.items():
        others = [one for other, (one, _) in known.items() if other != name]
        overrides = about_here(reading.overrides, strangers(reading.overrides, directory, others))
        told = check(overrides, policies, directory, roles=roles)
        found.faults.extend(told.faults)
        found.warnings.extend(told.warnings)


def _directories(
    reading: Reading, exports: Mapping[str, Export], ledgers: Mapping[str, Ledger], found: _Found
) -> Iterator[tuple[str, tuple[Directory, frozenset[str]]]]:
    """
    Yield who is known in each target whose files can be read, and the roles that its export grants.
    """
    for name, target in sorted(reading.config.targets.items()) if reading.config else ():
        ledger = ledgers.get(name)
        export = _together([exports.get(one) for one in target.sources], target, found)
        if export is None or ledger is None:
            continue
        # a policy that cannot be read is a fault already; what it would say of groups, fields and roles is unknown
        groups = reading.policies[name].groups if name in reading.policies else GroupPolicy()
        there = replace(export, groups=in_directories(export.groups, groups.directories))
        yield name, (directory_of(there, ledger, groups), _granted(export))


def _together(exports: Sequence[Export | None], target: TargetConfig, found: _Found) -> Export | None:
    """
    Return the exports of a target's sources as one; None where one cannot be believed, or two have one key.
    """
    sound = {name: one for name, one in zip(target.sources, exports, strict=True) if one is not None}
    if len(sound) < len(exports):
        return None
    try:
        return sound[target.sources[0]] if len(sound) == 1 else joined(sound, joining(target, tuple))
    except InputError as error:
        found.faults.extend(error.faults)
        return None


def _granted(export: Export) -> frozenset[str]:
    """
    Return every role that the export grants, to a person or to a group.
    """
    direct = (role for user in export.users for role in user.row.roles)
    return frozenset((*direct, *(role for group in export.groups for role in group.row.roles)))
