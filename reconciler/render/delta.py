"""
What one change does to each field, as DeepDiff tells it: lines with a sign, `before -> after`, the cause, the loss.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from reconciler.core.model import Change, Fields, Value
from reconciler.render.shown import field_name, is_set, key_of, quoted, sentence, shown

Sign: TypeAlias = Literal["+", "~", "-", "=", "!", " "]

_WIDEST_LINE = 100
_WIDEST_FIELD = 18
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


class Line(Struct, frozen=True, gc=False):
    """
    One line of a plan: `sign` stands in the first column, so that no value can ever stand there.
    """

    sign: Sign
    text: str


class Delta(Struct, frozen=True, kw_only=True, gc=False):
    """
    One difference of one field: `before` and `after` as shown, "" where there is none.
    """

    sign: Sign
    field: str
    before: str = ""
    after: str = ""


def change_lines(changes: Sequence[Change], groups: Mapping[str, str], *, cause: str = "") -> list[Line]:
    """
    Return the lines of one entity's changes, in their order, field by field.

    `cause` is the one already told, which no field repeats; `groups` says what to call each group key.
    """
    found = [(change, deltas(change, groups)) for change in changes]
    names = {field_name(delta.field) for _, told in found for delta in told}
    width = min(_WIDEST_FIELD, max(map(len, names), default=0))
    return [line for change, told in found for line in _field_lines(change, told, width, cause=cause)]


def _field_lines(change: Change, found: Sequence[Delta], width: int, *, cause: str) -> Iterator[Line]:
    """
    Yield a change's lines: of each field every difference, its cause once, and what an administrator loses.

    What is made, and not only changed, is told in as few lines as it has causes.
    """
    if change.action == "create":
        plain = [delta for delta in found if not isinstance(change.after.get(delta.field), tuple)]
        yield from _made_lines(change, plain, cause=cause)
        found = [delta for delta in found if delta not in plain]
    for name, differences in groupby(found, key=lambda delta: delta.field):
        because = change.because.get(name, "")
        told = f"  (because {sentence(because)})" if because not in {"", cause} else ""
        for delta in differences:
            yield from _delta_lines(delta, width, told)
            told = ""
        if name in change.drift:
            yield _loss(change, name)
    unseen = sorted(set(change.drift) - {delta.field for delta in found})
    yield from (_loss(change, name) for name in unseen)


def _made_lines(change: Change, found: Sequence[Delta], *, cause: str) -> Iterator[Line]:
    """
    Yield one line for the values that the source gave, and one for those that the policy sets for everybody.
    """
    for title, policy in (("", False), ("by policy: ", True)):
        of_policy = [one for one in found if change.because.get(one.field, "").startswith("policy ") is policy]
        told = "; ".join(f"{field_name(one.field)} {one.after}{_other(change, one, cause)}" for one in of_policy)
        if told:
            yield Line("+", f"    {title}{told}")


def _other(change: Change, one: Delta, cause: str) -> str:
    """
    Return the cause of a value, where it is neither the usual one nor the policy's.
    """
    because = change.because.get(one.field, "")
    return "" if because in {"", cause} or because.startswith("policy ") else f" (because {sentence(because)})"


def deltas(change: Change, groups: Mapping[str, str]) -> list[Delta]:
    """
    Return every difference between the change's before and after, by field and then by element.
    """
    # Here and not above: DeepDiff takes 0.2 s to import, which `--help` must not wait for.
    from deepdiff import DeepDiff  # noqa: PLC0415

    tree = DeepDiff(
        _document(change.before, groups),
        _document(change.after, groups),
        view="tree",
        threshold_to_diff_deeper=0,
        # By default it takes a key that starts with `__` for private, and passes over it in silence.
        ignore_private_variables=False,
    )
    found = [_told(report, level) for report, levels in tree.items() for level in levels]
    return sorted(found, key=lambda delta: (delta.field, delta.before or delta.after, delta.sign))


def _document(fields: Fields, groups: Mapping[str, str]) -> dict[str, Any]:
    """
    Return the fields as DeepDiff shall see them: values already as shown, sets as dicts of True.

    Shown values are short and hold no line break: on long texts with many lines DeepDiff spends minutes. Sets
    would come out in varying order.
    """
    return {name: _member_document(name, value, groups) for name, value in fields.items()}


def _member_document(name: str, value: Value, groups: Mapping[str, str]) -> str | dict[str, bool]:
    if not isinstance(value, tuple) or not is_set(value):
        return shown(value)
    if name == "groups":
        return {groups.get(key) or key_of(key): True for key in value}
    return {quoted(element): True for element in value}


def _told(report: str, level: Any) -> Delta:  # noqa: ANN401 -- DeepDiff's levels are untyped
    """
    Return what one of DeepDiff's reports says of a field, or of one element of a set that is there on both sides.
    """
    field, *element = level.path(output_format="list")
    if report == "dictionary_item_added":
        return Delta(sign="+", field=field, after=element[0] if element else _whole(level.t2))
    if report == "dictionary_item_removed":
        return Delta(sign="-", field=field, before=element[0] if element else _whole(level.t1))
    return Delta(sign="~", field=field, before=_whole(level.t1), after=_whole(level.t2))


def _whole(document: str | dict[str, bool]) -> str:
    return document if isinstance(document, str) else f"{{{', '.join(sorted(document))}}}"


def _delta_lines(delta: Delta, width: int, because: str) -> list[Line]:
    """
    Return one line, or two where `before -> after` is long or a terminal would turn the two around (bidi).
    """
    name = f"    {field_name(delta.field)}: ".ljust(width + 6)
    if delta.sign != "~":
        return [Line(delta.sign, f"{name}{delta.before}{delta.after}{because}")]
    line = f"{name}{delta.before} -> {delta.after}"
    if len(line) <= _WIDEST_LINE and not _runs_right_to_left(line):
        return [Line("~", line + because)]
    arrow = "-> ".rjust(len(name))
    return [Line("~", name + delta.before), Line("~", f"{arrow}{delta.after}{because}")]


def _runs_right_to_left(line: str) -> bool:
    return not line.isascii() and any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in line)


def _loss(change: Change, name: str) -> Line:
    """
    Return the line that says in words which value of an administrator the change overwrites.

    Of a set the plan's own lines say what joins and what goes, each of which may be the administrator's doing.
    """
    value = change.before.get(name, ())
    if isinstance(value, tuple):
        return Line("-", f"    lost: what an administrator changed in {field_name(name)}")
    return Line("-", f"    lost: {shown(value)}, which an administrator set in {field_name(name)}")
