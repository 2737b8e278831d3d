"""
Target `scim`: the users and groups of a SCIM 2.0 server (RFC 7643, RFC 7644).

A server keeps no last writer and no fence. Its groups hold their members, so a person's groups are known from all
groups; what one server does otherwise is a quirk (scim_profiles), found out (scim_server) or measured (scim_probe).
"""

from collections.abc import Iterator, Sequence
from typing import Self

from reconciler.core.model import Catalogue, Equality, Snapshot
from reconciler.errors import TargetError
from reconciler.files.rows import collector_paused
from reconciler.ports import Result, Write
from reconciler.ports_adapter import Opening, TargetAdapter
from reconciler.ports_doctor import Finding
from reconciler.targets.scim_diagnosis import diagnosis
from reconciler.targets.scim_known import Known
from reconciler.targets.scim_members import hidden
from reconciler.targets.scim_paths import member
from reconciler.targets.scim_probe import probe as measured
from reconciler.targets.scim_server import Server
from reconciler.targets.scim_settings import ScimSettings, fit, places, quirks
from reconciler.targets.scim_write import write_all
from reconciler.wire.client import Client
from reconciler.wire.origin import root_of
from reconciler.wire.settings import beside


class ScimTarget:
    """
    A SCIM server, as a target.
    """

    together = 10_000

    def __init__(self, server: Server, known: Known) -> None:
        self.server = server
        self.identity = f"scim:{server.client.root}"
        self.equality = Equality(caseless=server.quirks.caseless, trimmed=server.quirks.trimmed)
        self._known = known

    @classmethod
    def open(cls, url: str, settings: ScimSettings, *, role_groups: frozenset[str] = frozenset()) -> Self:
        """
        Return the target at `url`; nothing is asked of it yet.

        Membership of a group named in `role_groups` is an element of `roles`, not of `groups`. Raises UsageError
        for settings that cannot work.
        """
        known = quirks(settings)
        return cls(Server(Client.open(url, settings), known), Known(places(known), roles=role_groups))

    def read(self) -> Snapshot:
        """
        Return everything, users and groups each sorted by id; people's groups come from the groups, in bulk.
        """
        with collector_paused():
            groups, users = self.server.every("group"), self.server.every("user")
            self._known.read(groups.resources)
            problem = groups.problem or users.problem or hidden(self.server, groups.resources)
            etag = self.server.able.etag
            return Snapshot(
                users=tuple(self._known.live("user", one, etag=etag) for one in users.resources),
                groups=tuple(self._known.live("group", one, etag=etag) for one in groups.resources),
                catalogue=Catalogue(),
                complete=not problem,
                problem=problem,
            )

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes and return one result each, in the same order; the server has no place for `run`.

        An entity's own fields are a compare-and-set; memberships follow, as additions and removals by group.
        """
        if run in {"", "admin"}:
            raise TargetError(f"{run!r} cannot name a run: it would pass for an administrator")
        return write_all(self.server, self._known, writes)

    def diagnose(self, *, probe: bool) -> tuple[Finding, ...]:
        """
        Return what the server says it can do and, with `probe`, what throw-away objects show.
        """
        said = (*diagnosis(self.server, self._known.places), *self._role_groups())
        return (*said, *measured(self.server)) if probe else said

    def _role_groups(self) -> Iterator[Finding]:
        """
        Yield each group that expresses a role and is not there: who is to have the role could not be written.
        """
        there = self.server.every("group").resources if self._known.roles else ()
        names = {str(member(one, "displayName")) for one in there}
        for name in sorted(self._known.roles - names):
            means = "nobody can be given the role: make it, or name another (policy roles.administrator.groups)"
            yield Finding(what=f"group {name}", found="not there", means=means)

    def close(self) -> None:
        """
        Give back the connections.
        """
        self.server.client.close()


def _opened(opening: Opening[ScimSettings]) -> ScimTarget:
    _fit(opening)
    return ScimTarget.open(opening.url, beside(opening.settings, opening.home), role_groups=opening.role_groups)


def _fit(opening: Opening[ScimSettings]) -> None:
    if opening.policy is not None:
        fit(opening.policy, quirks(opening.settings))


ADAPTER = TargetAdapter(settings=ScimSettings, open=_opened, fit=_fit, address=root_of)
"""How reconciler.yaml speaks of it."""
