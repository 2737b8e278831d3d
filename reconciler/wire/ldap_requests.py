"""
Requests to add and to modify an entry as they are sent: BER (X.690) of what RFC 4511, sections 4.6 and 4.7, says.

The library builds an object for each part of a request and encodes these one by one, which takes more of the
processor than all the rest of a write; here a request is put together as bytes, the same bytes.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ldap3 import Connection

Changes: TypeAlias = dict[str, list[tuple[str, list[bytes]]]]
"""What is done to attributes by their names: `MODIFY_ADD`, `MODIFY_DELETE` or `MODIFY_REPLACE`, and the values."""

_INTEGER, _OCTETS, _ENUMERATED, _SEQUENCE, _SET, _MODIFY, _ADD = 0x02, 0x04, 0x0A, 0x30, 0x31, 0x66, 0x68
_VERBS = {"MODIFY_ADD": b"\x00", "MODIFY_DELETE": b"\x01", "MODIFY_REPLACE": b"\x02"}
_SHORT = 128


def add_request(dn: str, attributes: dict[str, list[bytes]]) -> bytes:
    """
    Return the request to add an entry.
    """
    listed = (_attribute(name, values) for name, values in attributes.items())
    return _element(_ADD, _element(_OCTETS, dn.encode()) + _element(_SEQUENCE, b"".join(listed)))


def modify_request(dn: str, changes: Changes) -> bytes:
    """
    Return the request to change attributes of an entry.
    """
    steps = ((verb, name, values) for name, done in changes.items() for verb, values in done)
    listed = (
        _element(_SEQUENCE, _element(_ENUMERATED, _VERBS[verb]) + _attribute(name, values))
        for verb, name, values in steps
    )
    return _element(_MODIFY, _element(_OCTETS, dn.encode()) + _element(_SEQUENCE, b"".join(listed)))


def message(number: int, request: bytes) -> bytes:
    """
    Return a request under its number, as it goes over the line.
    """
    counted = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return _element(_SEQUENCE, _element(_INTEGER, counted) + request)


def sent(connection: "Connection", request: bytes) -> None:
    """
    Send a request and wait for its answer, which is then the connection's result, as after one of its own.
    """
    from ldap3.core.exceptions import LDAPSocketOpenError  # noqa: PLC0415 - an extra

    if not connection.listening:
        raise LDAPSocketOpenError("the connection is closed")
    number = connection.server.next_message_id()
    connection.strategy._outstanding[number] = {}  # noqa: SLF001 - there is no other door to send bytes by
    connection.socket.sendall(message(number, request))
    _, connection.result = connection.strategy.get_response(number)


def _attribute(name: str, values: Sequence[bytes]) -> bytes:
    listed: Iterable[bytes] = (_element(_OCTETS, value) for value in values)
    return _element(_SEQUENCE, _element(_OCTETS, name.encode()) + _element(_SET, b"".join(listed)))


def _element(tag: int, content: bytes) -> bytes:
    """
    Return an element of BER: its tag, its length in the fewest bytes, and what it holds.
    """
    size = len(content)
    if size < _SHORT:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT | len(length))) + length + content
