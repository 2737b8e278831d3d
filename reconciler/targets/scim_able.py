"""
What a SCIM server can do, as its own description tells and its quirks overrule it.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from reconciler.core.model import Kind
from reconciler.targets.scim_convert import CORE
from reconciler.targets.scim_paths import Json, member
from reconciler.targets.scim_profiles import Quirks

_PAYLOAD = 1 << 20
"""Bytes of the largest request of several writes."""


class Abilities(Struct, frozen=True, kw_only=True):
    """
    What a server says of itself. `endpoints` and `extensions` (those it requires) are by kind.

    `bulk` is how many writes one request may hold (0: each its own), `payload` how many bytes.
    `attributes` are the names of its schemas' attributes by URN; empty where it lists no schemas. `members` is
    whether its schema says that a group that is asked for shows them (RFC 7643 section 7, `returned`).
    """

    patch: bool
    etag: bool
    echo: bool
    page: int
    filters: bool
    bulk: int
    payload: int
    endpoints: dict[Kind, str]
    required: dict[Kind, tuple[str, ...]]
    attributes: dict[str, frozenset[str]]
    members: bool


def abilities(config: Json, types: Sequence[Json], schemas: Sequence[Json], quirks: Quirks) -> Abilities:
    """
    Return what the server's own description comes to; what it does not say is what RFC 7644 calls the least.
    """
    most = member(member(config, "filter"), "maxResults")
    etag = _supported(config, "etag") if quirks.etag is None else quirks.etag
    by_kind = {kind: next((one for one in types if member(one, "schema") == CORE[kind]), {}) for kind in CORE}
    return Abilities(
        patch=_supported(config, "patch") if quirks.patch is None else quirks.patch,
        etag=etag,
        echo=etag if quirks.echo is None else quirks.echo,
        page=min(quirks.page, most) if isinstance(most, int) and most > 0 else quirks.page,
        filters=_supported(config, "filter"),
        bulk=_most(config, "maxOperations", quirks.bulk) if _supported(config, "bulk") else 0,
        payload=_most(config, "maxPayloadSize", _PAYLOAD),
        endpoints={
            kind: str(member(by_kind[kind], "endpoint") or f"/{kind.capitalize()}s").strip("/") for kind in CORE
        },
        required={kind: tuple(_required(one)) for kind, one in by_kind.items()},
        attributes={str(member(one, "id")): frozenset(_names(one)) for one in schemas},
        members=any(_shows_members(one) for one in schemas if member(one, "id") == CORE["group"]),
    )


def _most(config: Json, name: str, ours: int) -> int:
    """
    Return a limit on a bulk request: ours, or the server's where that is lower (RFC 7643 section 5).
    """
    most = member(member(config, "bulk"), name)
    return min(ours, most) if type(most) is int and most > 0 else ours


def _supported(config: Json, name: str) -> bool:
    return member(member(config, name), "supported") is True


def _required(type_: Json) -> Iterator[str]:
    for extension in member(type_, "schemaExtensions") or ():
        if member(extension, "required") is True:
            yield str(member(extension, "schema"))


def _names(schema: Json) -> Iterable[str]:
    return (str(member(one, "name")).lower() for one in member(schema, "attributes") or ())


def _shows_members(schema: Json) -> bool:
    members = (one for one in member(schema, "attributes") or () if member(one, "name") == "members")
    return any(member(one, "returned") in {"always", "default"} for one in members)


def resources_of(body: Json) -> list[Json]:
    """
    Return the resources that a list holds; none where it says nothing of them.
    """
    value = member(body, "Resources")
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
