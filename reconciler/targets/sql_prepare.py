"""
A write in the registry's own columns and rows, or the reason why the registry cannot take it.

Everything is checked before the first statement, so that what the driver would trip over (a NUL, a lone
surrogate, a number beyond 64 bits) refuses one write and not the batch it stands in.
"""

from msgspec import Struct

from reconciler.core.model import Fields, Value
from reconciler.ports import Write
from reconciler.targets.sql_tables import SHAPES, Scalar, Shape

_WORDS = {str: "text", bool: "true or false", int: "a whole number"}
_LARGEST = 2**63


class RefusedError(Exception):
    """
    One write cannot be made; the message is the target's word on it. Never leaves the target.
    """


class Ready(Struct, frozen=True, kw_only=True):
    """
    One write as columns, sets and ids. `id` is None for a create; `expects` is None where no row can match it.
    """

    write: Write
    shape: Shape
    id: int | None
    expects: int | None
    columns: Fields
    sets: dict[str, tuple[str, ...]]
    join: tuple[int, ...]
    leave: tuple[int, ...]


def prepare(write: Write) -> Ready:
    """
    Return `write` ready to be made; raises RefusedError where a value does not fit.
    """
    shape = SHAPES[write.kind]
    if write.kind == "group" and (write.join or write.leave):
        raise RefusedError("a group is no member of groups")
    fields = write.fields if write.action != "create" else {shape.name: write.name, **write.fields}
    columns, sets = _split(shape, fields)
    if write.action == "create":
        refuse_unstorable("external_id", write.key)
        columns = {**shape.defaults, **columns, "external_id": write.key}
    return Ready(
        write=write,
        shape=shape,
        id=None if write.action == "create" else _number(write.id),
        expects=_number(write.expects),
        columns=columns,
        sets=sets,
        join=_group_ids(write.join),
        leave=_group_ids(write.leave),
    )


def _split(shape: Shape, fields: Fields) -> tuple[Fields, dict[str, tuple[str, ...]]]:
    """
    Return the values by column, and the sets by field.
    """
    columns: Fields = {}
    sets: dict[str, tuple[str, ...]] = {}
    for name, value in fields.items():
        if name in shape.sets:
            sets[name] = _elements(name, value)
        elif name in shape.scalars:
            columns[shape.scalars[name].column] = _scalar(name, value, shape.scalars[name])
        else:
            raise RefusedError(f"a {shape.kind} has no field {name!r}")
    return columns, sets


def _scalar(name: str, value: Value, scalar: Scalar) -> Value:
    """
    Return `value` if it fits the field; a bool is no number here.
    """
    if value is None:
        if scalar.nullable:
            return None
        raise RefusedError(f"{name} cannot be empty")
    if type(value) is not scalar.type:
        raise RefusedError(f"{name} takes {_WORDS[scalar.type]}, not {value!r}")
    if isinstance(value, str):
        refuse_unstorable(name, value)
        if not value and not scalar.nullable:
            raise RefusedError(f"{name} cannot be empty")
    elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise RefusedError(f"{name} is beyond 64 bits: {value}")
    return value


def _elements(name: str, value: Value) -> tuple[str, ...]:
    """
    Return the elements of a set; None is the empty set.
    """
    if value is None:
        return ()
    if not isinstance(value, tuple):
        raise RefusedError(f"{name} takes a list, not {value!r}")
    for element in value:
        refuse_unstorable(name, element)
    return tuple(sorted(set(value)))


def refuse_unstorable(name: str, text: str) -> None:
    """
    Refuse text that a database cannot give back as it was: a NUL ends it, half a surrogate pair has no bytes.
    """
    if "\0" in text:
        raise RefusedError(f"{name} holds a NUL character, which no database keeps: {text!r}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError(f"{name} holds half a character (a lone surrogate): {text!r}") from error


def _group_ids(ids: tuple[str, ...]) -> tuple[int, ...]:
    """
    Return group ids as numbers; raises RefusedError for one that cannot be a group's.
    """
    numbers = []
    for id_ in ids:
        number = _number(id_)
        if number is None:
            raise RefusedError(f"no group has the id {id_!r}")
        numbers.append(number)
    return tuple(sorted(numbers))


def _number(text: str | None) -> int | None:
    """
    Return an id or version of ours as a number; None where it is none of ours.
    """
    if not text or not (text.isascii() and text.isdecimal()) or int(text) >= _LARGEST:
        return None
    return int(text)
