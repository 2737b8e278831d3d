"""
A plan as DeepDiff's own tree of two documents: what is in the target, and what will be.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from reconciler.core.model import Fields, Plan
from reconciler.render.escape import escape
from reconciler.render.json_text import file_digest
from reconciler.render.outline import Changes, by_entity
from reconciler.render.shown import cut, is_set

Document: TypeAlias = dict[str, dict[str, dict[str, Any]]]
Leaves: TypeAlias = dict[tuple[str, ...], Any]

_LONGEST = 200
# A key that could end DeepDiff's `root['user']['ann']` early could pass for a path of its own.
_PATH = frozenset({"']", '"]'})


def render_deepdiff(plan: Plan) -> str:
    """
    Return JSON text: DeepDiff's report on `{kind: {name (key): {field: value}}}` before and after the plan.

    Only entities that change are in the documents, as sets are dicts of True and long values cut to a length and
    a digest. `plan` and `file` are the digests of the changes and of the plan's JSON.
    """
    # Here and not above: DeepDiff takes 0.2 s to import, which `--help` must not wait for.
    from deepdiff import DeepDiff  # noqa: PLC0415

    before, after = documents(plan)
    # Keys that start with `__` are passed over unless told otherwise.
    report = DeepDiff(
        before, after, threshold_to_diff_deeper=0, verbose_level=2, ignore_private_variables=False
    ).to_json()
    document = {"differences": json.loads(report), "file": file_digest(plan), "plan": _text(plan.digest)}
    # Every text in it is escaped already, so letters of all scripts may stand as they are.
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def documents(plan: Plan) -> tuple[Document, Document]:
    """
    Return the two documents: each entity that changes, with the fields that change.

    An entity that is created is absent before; one that is deleted is absent after.
    """
    before: Document = {"group": {}, "user": {}}
    after: Document = {"group": {}, "user": {}}
    for changes in by_entity(plan.changes):
        first, last = changes[0], changes[-1]
        label = _label(first.name, first.key)
        if label in before[first.kind] or label in after[first.kind]:
            label += f" ({_text(first.link or '')})"
        earlier, later = _ends(changes, plan.names)
        if first.action != "create":
            before[first.kind][label] = _unfolded(earlier)
        if last.action != "delete":
            after[first.kind][label] = _unfolded(later)
    return before, after


def _ends(changes: Changes, names: Mapping[str, str]) -> tuple[Leaves, Leaves]:
    """
    Return each leaf as the first change that names it finds it, and as the last one leaves it.

    Leaf by leaf and not field by field, because a change of a set may name only the elements that it is about.
    """
    pairs = [(_leaves(change.before, names), _leaves(change.after, names)) for change in changes]
    before: Leaves = {}
    after: Leaves = {}
    for found, left in reversed(pairs):
        before = {path: value for path, value in before.items() if path not in left} | found
    for found, left in pairs:
        after = {path: value for path, value in after.items() if path not in found} | left
    return before, after


def _leaves(fields: Fields, names: Mapping[str, str]) -> Leaves:
    """
    Return the fields by path: a set is an empty dict and a leaf for each element.
    """
    leaves: Leaves = {}
    for name, value in fields.items():
        field = _text(name)
        if not isinstance(value, tuple):
            leaves[field,] = _text(value) if isinstance(value, str) else value
            continue
        labels = [_member(name, element, names) for element in value]
        leaves[field,] = {} if is_set(value) else labels
        leaves |= {(field, label): True for label in labels if is_set(value)}
    return leaves


def _unfolded(leaves: Leaves) -> dict[str, Any]:
    """
    Return the document of one entity that has these leaves.
    """
    document: dict[str, Any] = {path[0]: value for path, value in leaves.items() if len(path) == 1}
    for path in leaves:
        if len(path) > 1 and isinstance(document.get(path[0], {}), dict):
            document[path[0]] = {**document.get(path[0], {}), path[1]: True}
    return document


def _member(field: str, element: str, names: Mapping[str, str]) -> str:
    named = field == "groups" and element in names
    return _label(names[element], element) if named else _text(element)


def _label(name: str, key: str) -> str:
    """
    Return name and key as nobody else has them: the key shows no parenthesis, so the last two are ours.
    """
    return f"{_text(name)} ({escape(''.join(cut(key, _LONGEST)), also='()')})"


def _text(text: str) -> str:
    kept, note = cut(text, _LONGEST)
    return escape(kept, also=_PATH) + note
