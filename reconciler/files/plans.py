"""
The plan file, read back: strictly, because what it lists is what may be executed.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from reconciler.core.approval import awaiting
from reconciler.core.model import Plan
from reconciler.core.plan import plan_digest
from reconciler.errors import Fault, InputError

VERSION = 1
"""The one format of the plan file that this version reads and writes."""

_AGAIN = "make it again with `reconciler plan --out plan.json`; a plan file is never edited by hand"


def parse_plan(content: bytes, path: str) -> Plan:
    """
    Return the plan that `content`, the bytes of the file at `path`, holds.

    Raises InputError where it is not JSON, of another version, holds a key twice or one that no plan has, spells
    out what a plan leaves out, names a change twice, or bears a digest that its changes do not give.
    """
    document = _document(content, path)
    version = document.get("version")
    if version != VERSION or isinstance(version, bool):
        _refuse(path, f"version is {version!r}, not {VERSION}", hint="read it with the version that wrote it")
    try:
        plan = msgspec.convert(document, Plan)
    except msgspec.ValidationError as error:
        _refuse(path, f"not a plan: {error}")
    faults = tuple(Fault(path, 0, message, _AGAIN) for message in _faults(document, plan))
    if faults:
        raise InputError(faults)
    return plan


def _document(content: bytes, path: str) -> dict[str, Any]:
    """
    Return the JSON object that `content` is; raises InputError where it is none.
    """
    doubled: list[str] = []
    try:
        document = json.loads(
            content.decode(), object_pairs_hook=lambda pairs: _object(pairs, doubled), parse_constant=_no_number
        )
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise InputError((Fault(path, error.lineno, f"not JSON: {error.msg}", _AGAIN),)) from error
    except RecursionError:
        _refuse(path, "nested too deeply")
    except ValueError as error:
        _refuse(path, f"not JSON that a plan can be: {error}")
    if doubled:
        _refuse(path, f"key {doubled[0]!r} stands twice in one object")
    if not isinstance(document, dict):
        _refuse(path, f"not a plan: {type(document).__name__}")
    return document


def _object(pairs: list[tuple[str, Any]], doubled: list[str]) -> dict[str, Any]:
    """
    Return the object of `pairs`, and note in `doubled` the keys that stand in it twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        doubled += [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    return found


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _faults(document: dict[str, Any], plan: Plan) -> Iterator[str]:
    """
    Yield what is wrong with a plan whose types are right.
    """
    stranger = _stranger(document, msgspec.to_builtins(plan), "$")
    if stranger:
        yield f"{stranger} is not what a plan file holds there"
    counts = Counter(change.id for change in (*plan.changes, *awaiting(plan.held)))
    yield from (f"change {one} stands in it {count} times" for one, count in sorted(counts.items()) if count > 1)
    digest = plan_digest(plan.changes, plan.held)
    if plan.digest != digest:
        yield f"its digest is {plan.digest!r}, but its changes give {digest}"


def _stranger(found: Any, known: Any, path: str) -> str:  # noqa: ANN401 -- JSON on both sides
    """
    Return the path of the first value in `found` that `known` does not hold in the same words; empty if none.
    """
    if isinstance(found, dict) and isinstance(known, dict):
        missing = [key for key in [*found, *known] if key not in known or key not in found]
        if missing:
            return f"{path}.{missing[0]}"
        return next(filter(None, (_stranger(found[key], known[key], f"{path}.{key}") for key in found)), "")
    if isinstance(found, list) and isinstance(known, list | tuple) and len(found) == len(known):
        pairs = enumerate(zip(found, known, strict=True))
        return next(filter(None, (_stranger(one, other, f"{path}[{place}]") for place, (one, other) in pairs)), "")
    return "" if found == known and type(found) is type(known) else path


def _refuse(path: str, message: str, *, hint: str = _AGAIN) -> NoReturn:
    raise InputError((Fault(path, 0, message, hint),))
