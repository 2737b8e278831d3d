"""
A directory in memory, for what is asked of one: entries by base and filter, pages, ranges, limits and failures.
"""

from collections.abc import Callable, Iterator, Sequence

from reconciler.errors import WireError
from reconciler.wire.ldap import Found
from reconciler.wire.ldap_connect import Channel
from reconciler.wire.ldap_entry import Entry, entry


def made(dn: str, **attributes: str | bytes | Sequence[str]) -> Entry:
    """
    Return an entry with these attributes.
    """
    return entry(dn, {name: list(_values(value)) for name, value in attributes.items()})


class FakeDirectory:
    """
    A directory that answers each search by a function of base and filter, and remembers what it was asked.
    """

    def __init__(self, answer: Callable[[str, str], Found | WireError]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []
        self.channels: list[Channel] = []
        self.closed = False

    def dial(self, channel: Channel) -> "FakeDirectory":
        """
        Return the directory, whoever calls.
        """
        self.channels.append(channel)
        return self

    def search(self, base: str, filter_: str, attributes: Sequence[str], *, page: int) -> Found:
        """
        Return, or raise, what the function says.
        """
        assert attributes
        assert page > 0
        self.asked.append((base, filter_))
        answer = self.answer(base, filter_)
        if isinstance(answer, WireError):
            raise answer
        return answer

    def close(self) -> None:
        """
        Note that nobody listens any more.
        """
        self.closed = True


def _values(value: str | bytes | Sequence[str]) -> Iterator[bytes]:
    for one in [value] if isinstance(value, str | bytes) else value:
        yield one.encode() if isinstance(one, str) else one
