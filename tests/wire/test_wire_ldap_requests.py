"""
Requests put together by ourselves are the bytes that the library would send.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3 import Connection, Server
from ldap3.core.exceptions import LDAPSocketOpenError
from ldap3.operation.add import add_operation
from ldap3.operation.modify import modify_operation
from ldap3.protocol.rfc4511 import LDAPMessage, MessageID, ProtocolOp
from ldap3.utils.asn1 import encode

from reconciler.wire.ldap_requests import Changes, add_request, message, modify_request, sent

NUMBERS = st.integers(min_value=1, max_value=2**31 - 1)
NAMES = st.from_regex(r"\A[a-zA-Z][a-zA-Z0-9;-]{0,12}\Z")
VALUES = st.lists(st.binary(max_size=300), max_size=3)
TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
VERBS = st.sampled_from(["MODIFY_ADD", "MODIFY_DELETE", "MODIFY_REPLACE"])


def encoded(number: int, kind: str, request: object) -> bytes:
    """
    Return what the library sends.
    """
    whole = LDAPMessage()
    whole["messageID"] = MessageID(number)
    whole["protocolOp"] = ProtocolOp().setComponentByName(kind, request)
    return bytes(encode(whole))


@given(NUMBERS, TEXT, st.dictionaries(NAMES, VALUES, max_size=4))
def test_request_to_add_is_the_librarys(number: int, dn: str, attributes: dict[str, list[bytes]]) -> None:
    """
    Whatever the entry is called and holds.
    """
    theirs = encoded(number, "addRequest", add_operation(dn, attributes, auto_encode=False))

    assert message(number, add_request(dn, attributes)) == theirs


@given(
    NUMBERS, TEXT, st.dictionaries(NAMES, st.lists(st.tuples(VERBS, VALUES), min_size=1, max_size=2), max_size=4)
)
def test_request_to_modify_is_the_librarys(number: int, dn: str, changes: Changes) -> None:
    """
    Whatever is added, deleted and replaced.
    """
    theirs = encoded(number, "modifyRequest", modify_operation(dn, changes, auto_encode=False))

    assert message(number, modify_request(dn, changes)) == theirs


def test_nothing_is_sent_on_a_connection_that_is_closed() -> None:
    """
    It is told in the library's words, which become ours.
    """
    with pytest.raises(LDAPSocketOpenError):
        sent(Connection(Server("localhost")), add_request("cn=x", {}))
