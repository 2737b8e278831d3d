"""
A directory server, spoken to with ldap3: searched page by page, written to.

Nothing is followed: a referral is told, and no secret goes to where it points. https://ldap3.readthedocs.io/
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.effects import effect
from reconciler.errors import WireError
from reconciler.wire.ldap_entry import Entry, entry
from reconciler.wire.ldap_requests import Changes, add_request, modify_request, sent

if TYPE_CHECKING:
    from ldap3 import Connection

_PAGING = "1.2.840.113556.1.4.319"
_STOPPED = {3: "its time limit", 4: "its size limit", 11: "an administrative limit"}


class Found(Struct, frozen=True, kw_only=True):
    """
    What a search found: the entries, in how many pages, and what keeps them from being all there are.
    """

    entries: tuple[Entry, ...]
    pages: int = 1
    faults: tuple[str, ...] = ()
    referrals: tuple[str, ...] = ()


class Done(Struct, frozen=True, kw_only=True):
    """
    What a server answered to a write: its result code (RFC 4511, appendix A), its words, and controls by their ids.
    """

    code: int
    message: str
    controls: dict[str, bytes]


class Directory:
    """
    A connection to one directory server, bound.
    """

    def __init__(self, connection: "Connection", url: str) -> None:
        self._connection = connection
        self.url = url

    @property
    def controls(self) -> frozenset[str]:
        """
        Return the ids of the controls and features that the server says it has.
        """
        root = self.search("", "(objectClass=*)", ["supportedControl"], scope="BASE").entries
        return frozenset(value for one in root for value in one.all("supportedControl"))

    def search(
        self, base: str, filter_: str, attributes: Sequence[str], *, scope: str = "SUBTREE", page: int | None = None
    ) -> Found:
        """
        Return what is found below `base`, values that come in parts put together.

        Raises WireError where the server does not answer, or refuses; a limit of the server's is told in `faults`.
        """
        entries: list[Entry] = []
        faults: list[str] = []
        referrals: list[str] = []
        cookie, pages = b"", 0
        with effect("ldap", f"search {base}"), told(self.url, f"search {base!r}"):
            while True:
                answer = self._page(base, filter_, attributes, scope=scope, page=page, cookie=cookie)
                pages += 1
                found = [one for one in answer if one.get("type") == "searchResEntry"]
                referrals += (str(uri) for one in answer for uri in one.get("uri", ()))
                entries += (entry(one["dn"], one["raw_attributes"]) for one in found)
                faults += _limits(self._connection.result, self.url)
                following = _cookie(self._connection.result)
                if not following or faults:
                    break
                if following == cookie and not found:
                    raise WireError(f"{self.url}: pages of {base!r} go round in a circle")
                cookie = following
        whole = tuple(self._whole(one) for one in entries)
        return Found(entries=whole, pages=pages, faults=tuple(faults), referrals=tuple(referrals))

    def add(self, dn: str, attributes: dict[str, list[bytes]]) -> Done:
        """
        Add an entry.
        """
        with effect("ldap", "add"), told(self.url, "add an entry"):
            sent(self._connection, add_request(dn, attributes))
        return _done(self._connection.result)

    def modify(self, dn: str, changes: Changes, *, controls: Sequence[Any] = ()) -> Done:
        """
        Change attributes of an entry, all of them or none.
        """
        with effect("ldap", "modify"), told(self.url, "modify an entry"):
            if controls:
                self._connection.modify(dn, changes, controls=list(controls))
            else:
                sent(self._connection, modify_request(dn, changes))
        return _done(self._connection.result)

    def modify_dn(self, dn: str, leaf: str, *, above: str | None = None, controls: Sequence[Any] = ()) -> Done:
        """
        Give an entry another name, and, with `above`, another place (modrdn).
        """
        with effect("ldap", "rename"), told(self.url, "rename an entry"):
            self._connection.modify_dn(dn, leaf, new_superior=above, controls=list(controls) or None)
        return _done(self._connection.result)

    def delete(self, dn: str, *, controls: Sequence[Any] = ()) -> Done:
        """
        Delete an entry.
        """
        with effect("ldap", "delete"), told(self.url, "delete an entry"):
            self._connection.delete(dn, controls=list(controls) or None)
        return _done(self._connection.result)

    def close(self) -> None:
        """
        Hang up.
        """
        with effect("ldap", "unbind"):
            self._connection.unbind()

    def _page(
        self, base: str, filter_: str, attributes: Sequence[str], *, scope: str, page: int | None, cookie: bytes
    ) -> list[dict[str, Any]]:
        self._connection.search(
            base,
            filter_,
            scope,
            attributes=list(attributes),
            paged_size=page,
            paged_cookie=cookie or None,
        )
        _refused(self._connection.result, self.url, f"search {base!r}")
        return self._connection.response or []

    def _whole(self, one: Entry) -> Entry:
        """
        Return an entry with the rest of each attribute of which the server gave the first part.
        """
        for part in one.ranges:
            following = part.next
            while following is not None:
                asked = f"{part.name};range={following}-*"
                [more] = self.search(one.dn, "(objectClass=*)", [asked], scope="BASE").entries or [None]
                if more is None or not more.ranges or more.ranges[0].next == following:
                    raise WireError(f"{self.url}: the rest of {part.name} of {one.dn!r} does not come")
                one = _joined(one, more, part.name)
                following = more.ranges[0].next
        return Entry(one.dn, one.attributes)


@contextmanager
def told(url: str, doing: str) -> Iterator[None]:
    """
    Turn the library's errors into ours.
    """
    from ldap3.core.exceptions import LDAPExceptionError  # noqa: PLC0415 - an extra

    try:
        yield
    except (LDAPExceptionError, OSError) as error:
        reason = " ".join(str(error).split())
        hint = "name the authority that signed it: ca_file" if "certificate" in reason else ""
        raise WireError(f"{url}: cannot {doing}: {reason}", hint=hint, lost=True) from error


def _refused(result: dict[str, Any], url: str, doing: str) -> None:
    """
    Raise WireError for a result that is neither success nor a limit.
    """
    if result["result"] not in {0, *_STOPPED}:
        told = f"{result['description']} {result.get('message') or ''}".strip()
        raise WireError(f"{url}: cannot {doing}: {told}")


def _limits(result: dict[str, Any], url: str) -> list[str]:
    stopped = _STOPPED.get(result["result"])
    return [f"{url} stopped at {stopped}: not all there is was read"] if stopped else []


def _cookie(result: dict[str, Any]) -> bytes:
    control = (result.get("controls") or {}).get(_PAGING, {})
    cookie: bytes = control.get("value", {}).get("cookie") or b""
    return cookie


def _joined(one: Entry, more: Entry, name: str) -> Entry:
    values = (*one.attributes.get(name, ()), *more.attributes.get(name, ()))
    return Entry(one.dn, {**one.attributes, name: values})


def _done(result: dict[str, Any]) -> Done:
    """
    Return a server's answer to a write.
    """
    controls = {oid: one["value"] for oid, one in (result.get("controls") or {}).items()}
    told = " ".join(filter(None, [result["description"], result.get("message")]))
    return Done(code=result["result"], message=told, controls=controls)
