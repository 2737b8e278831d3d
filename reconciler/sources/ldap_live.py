"""
A directory, asked: for all that makes rows, or for somebody who is looked for.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from msgspec import Struct

from reconciler.core.export import GroupRow, UserRow
from reconciler.core.search import Matches, Query, containing
from reconciler.errors import SourceError, WireError
from reconciler.ports_adapter import Asking
from reconciler.sources.ldap_rows import is_person, people, teams, wanted
from reconciler.sources.ldap_settings import Settings
from reconciler.wire.ldap import Found
from reconciler.wire.ldap_connect import Channel, connect


class Answering(Protocol):
    """
    A directory, as far as reading it goes.
    """

    def search(self, base: str, filter_: str, attributes: Sequence[str], /, *, page: int) -> Found:
        """
        Return what a filter finds below `base`; raises WireError where nobody answers.
        """
        ...

    def close(self) -> None:
        """
        Hang up.
        """
        ...


class DirectorySearch(Struct, frozen=True):
    """
    The search in a directory itself.
    """

    asking: Asking[Settings]
    dial: Callable[[Channel], Answering] = connect

    def search(self, query: Query) -> Matches:
        """
        Return who matches: names that contain the text, or what a filter of the directory's own finds.

        Raises SourceError where the directory does not answer, or does not understand the filter.
        """
        settings = self.asking.settings
        named = [*settings.names("user_name"), *settings.names("display_name")]
        person = query.text if query.raw else containing(query.text, dict.fromkeys(named))
        group = query.text if query.raw else containing(query.text, ("cn",))
        faults: list[str] = []
        with Asked(self.asking, self.dial) as directory:
            persons = directory.find(settings.base, f"(&{settings.user_filter}{_bracketed(person)})")
            groups = directory.find(
                settings.groups_base or settings.base, f"(&{settings.group_filter}{_bracketed(group)})"
            )
        matching = [one for one in persons.entries if is_person(one)]
        return Matches(
            users=tuple(sorted((one.row for one in people(matching, settings, faults)), key=_key)),
            groups=tuple(sorted((one.row for one in teams(groups.entries, settings, faults)), key=_key)),
        )


class Asked:
    """
    A directory, asked for what makes rows; its errors are a source's.
    """

    def __init__(self, asking: Asking[Settings], dial: Callable[[Channel], Answering]) -> None:
        self._asking = asking
        self._dial = dial

    def __enter__(self) -> Self:
        settings = self._asking.settings
        channel = Channel(
            servers=settings.servers,
            bind_dn=settings.bind_dn,
            password=settings.password,
            start_tls=settings.start_tls,
            ca_file=self._asking.home / settings.ca_file if settings.ca_file else None,
            timeout=settings.timeout,
        )
        try:
            self._directory = self._dial(channel)
        except WireError as error:
            raise SourceError(error.message, hint=error.hint) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.close()

    def find(self, base: str, filter_: str) -> Found:
        """
        Return the entries that a filter finds.
        """
        settings = self._asking.settings
        try:
            return self._directory.search(base, filter_, wanted(settings), page=settings.page)
        except WireError as error:
            raise SourceError(error.message, hint=error.hint) from error


def _bracketed(filter_: str) -> str:
    return filter_ if filter_.startswith("(") else f"({filter_})"


def _key(row: UserRow | GroupRow) -> str:
    return row.key
