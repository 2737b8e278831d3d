"""
SCIM resources as live users and groups, and our fields as resources and PATCH operations.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from reconciler.core.model import SETS, Fields, Kind, Live, Value
from reconciler.targets.scim_paths import Json, Place, found, member, put

CORE: dict[Kind, str] = {
    "user": "urn:ietf:params:scim:schemas:core:2.0:User",
    "group": "urn:ietf:params:scim:schemas:core:2.0:Group",
}
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

_NAMES: dict[Kind, str] = {"user": "user_name", "group": "name"}
_FLAGS = frozenset({"locked", "can_change_password", "temporary_password", "deleted"})
_NUMBERS = frozenset({"password_expires_in_days"})


class RefusedError(Exception):
    """
    A write that the server cannot take, known before it is asked.
    """


def live(kind: Kind, resource: Json, places: Mapping[str, Place], *, tag: str) -> Live:
    """
    Return a resource as a live entity, in no group; `tag` is its version there. It is active unless it says not.
    """
    fields = {name: _read(name, found(resource, at)) for name, at in places.items() if name != "active"}
    active = found(resource, places["active"]) if "active" in places else None
    external = member(resource, "externalId")
    return Live(
        kind=kind,
        id=str(member(resource, "id")),
        name=str(fields[_NAMES[kind]] or ""),
        fields=fields,
        active=_flag(active, absent=True),
        external_id=str(external) if external else None,
        version=tag,
    )


def version(tag: str, groups: Iterable[str]) -> str:
    """
    Return the version of a user: what its resource says, and which groups it is in: they lie in other resources.
    """
    return f"{tag}|{_digest(sorted(groups))}"


def tag_of(kind: Kind, resource: Json, *, etag: bool) -> str:
    """
    Return a resource's version there, where it has one; else a digest of all that it holds, marked by `~`.

    A group's never tells of its members: two people who join it do not stand in each other's way.
    """
    told = member(member(resource, "meta"), "version")
    if etag and kind == "user" and isinstance(told, str) and told:
        return told
    besides = {"meta", "members"} if kind == "group" else {"meta", "groups"}
    return "~" + _digest({name: value for name, value in resource.items() if name.lower() not in besides})


def check(fields: Fields, places: Mapping[str, Place], *, kind: Kind) -> None:
    """
    Raise RefusedError for the first field that the server has no place for, or whose value does not fit it.
    """
    for name, value in fields.items():
        if name not in places:
            raise RefusedError(f"{name} has no place in this server's {kind}s: say where in the target's settings")
        if not _fits(name, value, needed=name in {_NAMES[kind], "active"}):
            raise RefusedError(f"{name} does not take {value!r}")
        for text in [value] if isinstance(value, str) else value if isinstance(value, tuple) else ():
            if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
                raise RefusedError(f"{name} holds what no server keeps: {text!r}")


def changed(resource: Mapping[str, Any], fields: Fields, places: Mapping[str, Place]) -> Json:
    """
    Return the resource with our fields in it and everything else as it was.
    """
    result = dict(resource)
    for name, value in fields.items():
        result = put(result, places[name], list(value) if isinstance(value, tuple) else value)
    urns = {places[name].urn for name in fields} - {""}
    return {**result, "schemas": _schemas(result, urns)}


def operations(resource: Mapping[str, Any], fields: Fields, places: Mapping[str, Place]) -> list[Json]:
    """
    Return the operations of a PATCH that brings our fields into the resource (RFC 7644 section 3.5.2).

    Of an attribute with several values the whole list is sent, because a path into an empty one is an error.
    """
    after = changed(resource, fields, places)
    wanted: dict[str, Any] = {}
    for name, value in fields.items():
        at = places[name]
        if at.several:
            wanted[at.root] = found(after, Place(urn=at.urn, name=at.name, pick="", part="")) or None
        else:
            wanted[f"{at.root}{'.' if at.part else ''}{at.part}"] = value
    return [
        {"op": "remove", "path": path} if value is None else {"op": "replace", "path": path, "value": value}
        for path, value in sorted(wanted.items())
    ]


def plain(resource: Json, places: Mapping[str, Place]) -> bool:
    """
    Return whether attributes with several values hold nothing but what our fields say of them.

    Then they can be written without being read first: nobody's value would be lost.
    """
    several = [at for at in places.values() if at.several]
    wholes = [Place(urn=at.urn, name=at.name, pick="", part="") for at in several]
    alone = len(set(wholes)) == len(wholes)
    return alone and all(
        found(put({}, at, found(resource, at)), whole) == found(resource, whole)
        for at, whole in zip(several, wholes, strict=True)
    )


def encoded(value: object) -> bytes:
    """
    Return a body.
    """
    return msgspec.json.encode(value)


def _schemas(resource: Mapping[str, Any], urns: Iterable[str]) -> list[str]:
    had = [one for one in resource.get("schemas") or () if isinstance(one, str)]
    return [*had, *sorted(urn for urn in urns if urn in resource and urn not in had)]


def _read(name: str, value: Any) -> Value:  # noqa: ANN401  JSON is JSON
    """
    Return a value of JSON as our field takes it; what is not there is nothing, or no elements, or no.
    """
    if name in SETS:
        return tuple(sorted({_text(one) for one in value or () if one is not None}))
    if name in _FLAGS:
        return _flag(value, absent=False)
    if name in _NUMBERS:
        return value if type(value) is int else None
    return None if value is None else _text(value)


def _text(value: Any) -> str:  # noqa: ANN401  JSON is JSON
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _flag(value: Any, *, absent: bool) -> bool:  # noqa: ANN401  JSON is JSON
    """
    Return a truth value; some servers write it as text.
    """
    if value is None:
        return absent
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def _fits(name: str, value: Value, *, needed: bool) -> bool:
    if name in SETS:
        return value is None or isinstance(value, tuple)
    if name == "active" or name in _FLAGS:
        return isinstance(value, bool)
    if name in _NUMBERS:
        return value is None or (type(value) is int and abs(value) < 2**63)
    return isinstance(value, str) and bool(value) if needed else value is None or isinstance(value, str)


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]
