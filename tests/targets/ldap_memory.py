"""
A directory server in memory, as far as a target asks one, which keeps its promises or breaks those it is told to.
"""

import re
from collections.abc import Sequence
from typing import Any

from reconciler.targets.ldap import LdapTarget
from reconciler.targets.ldap_known import Known
from reconciler.targets.ldap_settings import Groups, LdapSettings, Users
from reconciler.wire.ldap import Done, Found
from reconciler.wire.ldap_connect import Channel
from reconciler.wire.ldap_controls import ASSERTION
from reconciler.wire.ldap_entry import Entry, entry
from reconciler.wire.ldap_names import normal, parent
from reconciler.wire.ldap_requests import Changes

BASE = "dc=example,dc=org"
US = f"cn=reconciler,{BASE}"
SETTINGS = LdapSettings(
    users=Users(base=f"ou=people,{BASE}"), groups=Groups(base=f"ou=groups,{BASE}"), bind_dn=US, password=""
)
_SAID = re.compile(r"\((!?)\(?([A-Za-z]+)=([^()]*)\)")


class MemoryDirectory:
    """
    Entries by their names as they are compared.

    `asserts` tells whether an assertion counts, `refuses` an attribute that is not taken, `overlays` which of
    memberOf and refint are at work, `writer` as whom it knows us.
    """

    url = "ldap://memory"

    def __init__(
        self, *, asserts: bool = True, overlays: Sequence[str] = (), refuses: str = "", writer: str | None = US
    ) -> None:
        self.controls = frozenset({ASSERTION})
        self.asserts, self.overlays, self.refuses, self.writer = asserts, overlays, refuses, writer
        self.entries: dict[str, tuple[str, dict[str, list[bytes]]]] = {}
        self.clock, self.keeper = 0, ""
        self.asked: list[str] = []
        self.faults: tuple[str, ...] = ()

    def target(self, settings: LdapSettings = SETTINGS) -> LdapTarget:
        """
        Return the directory as a target.
        """
        target = LdapTarget(Channel(servers=(self.url,)), settings)
        vars(target)["_known"] = Known(self, settings, frozenset())  # type: ignore[arg-type]
        return target

    def search(self, base: str, filter_: str, _: Sequence[str], *, scope: str = "SUBTREE", page: int = 0) -> Found:
        """
        Return the entries below `base` of which one part of the filter is true.
        """
        del page
        self.asked.append(filter_)
        asked = [(name.lower(), value.lower()) for _, name, value in _SAID.findall(filter_)]
        below = [
            (dn, held)
            for key, (dn, held) in self.entries.items()
            if (key == normal(base) if scope == "BASE" else key.endswith(f",{normal(base)}"))
        ]
        entries = tuple(self._seen(dn, held) for dn, held in below if self._fits(held, asked))
        return Found(entries=entries, faults=self.faults)

    def add(self, dn: str, attributes: dict[str, list[bytes]]) -> Done:
        """
        Add an entry, if its name is free and its attributes are taken.
        """
        if normal(dn) in self.entries:
            return _done(68)
        if self.refuses in attributes:
            return _done(65)
        self.entries[normal(dn)] = dn, {name: list(values) for name, values in attributes.items()}
        self._stamp(dn, entryUUID=f"id-{self.clock}")
        return _done(0)

    def modify(self, dn: str, changes: Changes, *, controls: Sequence[Any] = ()) -> Done:
        """
        Change attributes; an assertion holds if it names the entry's change number.
        """
        held = self.entries[normal(dn)][1]
        if self.asserts and not all(
            b"entryCSN" in value and held["entryCSN"][0] in value for _, _, value in controls
        ):
            return _done(122)
        for name, steps in changes.items():
            for verb, values in steps:
                kept = [] if verb == "MODIFY_REPLACE" else [one for one in held.get(name, []) if one not in values]
                held[name] = kept + ([] if verb == "MODIFY_DELETE" else values)
        self._stamp(dn)
        if "memberOf" in self.overlays:
            for _, values in changes.get("member", ()):
                for value in values:
                    self._stamp(value.decode())
        return _done(0)

    def modify_dn(self, dn: str, leaf: str) -> Done:
        """
        Give an entry another name and, with the overlay refint, its groups the same.
        """
        _, held = self.entries.pop(normal(dn))
        new = f"{leaf},{parent(dn)}"
        held["uid"] = [leaf.partition("=")[2].encode()]
        self.entries[normal(new)] = new, held
        if "refint" in self.overlays:
            for _, other in self.entries.values():
                other["member"] = [new.encode() if one == dn.encode() else one for one in other.get("member", [])]
        return _done(0)

    def delete(self, dn: str, *, controls: Sequence[Any] = ()) -> Done:
        """
        Delete an entry.
        """
        del controls
        self.entries.pop(normal(dn))
        return _done(0)

    def _stamp(self, dn: str, **given: str) -> None:
        self.clock += 1
        stamps = {**given, "entryCSN": str(self.clock), **({"modifiersName": self.writer} if self.writer else {})}
        self.entries[normal(dn)][1].update({name: [value.encode()] for name, value in stamps.items()})

    def _seen(self, dn: str, held: dict[str, list[bytes]]) -> Entry:
        groups = [one.encode() for one, other in self.entries.values() if dn.encode() in other.get("member", [])]
        kept = {"memberOf": groups} if "memberOf" in self.overlays and groups else {}
        by = {"modifiersName": [self.keeper.encode()]} if kept and self.keeper else {}
        return entry(dn, {**held, **kept, **by})

    def _fits(self, held: dict[str, list[bytes]], asked: Sequence[tuple[str, str]]) -> bool:
        lower = {name.lower(): {value.decode().lower() for value in values} for name, values in held.items()}
        return any(value == "*" or value in lower.get(name, ()) for name, value in asked)


def _done(code: int) -> Done:
    return Done(code=code, message=f"result {code}", controls={})
