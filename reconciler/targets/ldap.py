"""
Target `ldap`: people and groups in a directory of OpenLDAP's or 389 Directory Server's style.

Compare-and-set is by `entryCSN` and an assertion (RFC 4528) where the server has them, else by a read immediately
before. `modifiersName` tells our writes from an administrator's. A directory has no catalogue of profiles, no state
of groups, and no place for a fence, which is kept beside the ledger.
"""

from collections.abc import Sequence
from functools import cached_property, partial
from urllib.parse import urlsplit

from reconciler.core.model import Equality, Kind, Snapshot
from reconciler.core.policy import Policy
from reconciler.errors import TargetError, WireError
from reconciler.files.rows import collector_paused
from reconciler.ports import Result, Write
from reconciler.ports_adapter import Opening, TargetAdapter
from reconciler.ports_doctor import Finding
from reconciler.targets import ldap_probe, probing
from reconciler.targets.fitting import refuse_what_has_no_place
from reconciler.targets.ldap_known import Known
from reconciler.targets.ldap_settings import LdapSettings
from reconciler.targets.ldap_write import write_all
from reconciler.wire.ldap_connect import Channel, connect


class LdapTarget:
    """
    A directory, as a target.
    """

    together = 10_000

    def __init__(self, channel: Channel, settings: LdapSettings, *, roles: frozenset[str] = frozenset()) -> None:
        parts = urlsplit(channel.servers[0])
        self.identity = f"ldap:{parts.hostname}:{parts.port or ''}/{settings.users.base}"
        self.equality = Equality(caseless=frozenset({"user_name", "name"}))
        self._channel = channel
        self._settings = settings
        self._roles = roles

    def read(self) -> Snapshot:
        """
        Return everything, users and groups each sorted by id; people's groups come from the groups, in bulk.
        """
        try:
            return self._known.snapshot()
        except WireError as error:
            raise TargetError(error.message, hint=error.hint) from error

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes and return one result each, in the same order; the directory has no place for `run`.
        """
        if run in {"", "admin"}:
            raise TargetError(f"{run!r} cannot name a run: it would pass for an administrator")
        try:
            if not self._known.groups:
                self._known.snapshot()
            with collector_paused():
                return write_all(self._known, writes)
        except WireError as error:
            raise TargetError(error.message, hint=error.hint) from error

    def diagnose(self, *, probe: bool) -> tuple[Finding, ...]:
        """
        Return what the server says it can and, with `probe`, what it does to throw-away entries.
        """
        try:
            told = tuple(ldap_probe.said(self._known))
            return (*told, *probing.probe(self, partial(ldap_probe.measured, self._known))) if probe else told
        except WireError as error:
            raise TargetError(error.message, hint=error.hint) from error

    def close(self) -> None:
        """
        Hang up.
        """
        if "_known" in vars(self):
            self._known.directory.close()

    @cached_property
    def _known(self) -> Known:
        return Known(connect(self._channel), self._settings, self._roles)


def fit(policy: Policy, settings: LdapSettings, roles: frozenset[str]) -> None:
    """
    Raise UsageError, with every fault, for a policy that writes what no attribute keeps.
    """
    places: dict[Kind, set[str]] = {
        "user": {*settings.users.fields, "active", *(["roles"] if roles else [])},
        "group": {*settings.groups.fields},
    }
    refuse_what_has_no_place(policy, places, keeper="which attribute", by="an attribute")


def _opened(opening: Opening[LdapSettings]) -> LdapTarget:
    """
    Return the target that reconciler.yaml means; nothing is asked of it yet.
    """
    settings = opening.settings
    _fit(opening)
    channel = Channel(
        servers=tuple(opening.url.split()),
        bind_dn=settings.bind_dn,
        password=settings.password,
        start_tls=settings.start_tls,
        ca_file=opening.home / settings.ca_file if settings.ca_file else None,
        timeout=settings.timeout,
    )
    return LdapTarget(channel, settings, roles=opening.role_groups)


def _fit(opening: Opening[LdapSettings]) -> None:
    if opening.policy is not None:
        fit(opening.policy, opening.settings, opening.role_groups)


ADAPTER = TargetAdapter(settings=LdapSettings, open=_opened, fit=_fit)
"""What is plugged in under the name `ldap`."""
