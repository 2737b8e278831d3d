"""
Entries decoded once: as bytes, by name; everything else is the library's to decode.
"""

from typing import Any

import pytest

from reconciler.wire.ldap_lean import lean

ATTRIBUTES = [
    (0, True, 16, [(0, False, 4, b"member"), (0, True, 17, [(0, False, 4, b"uid=a"), (0, False, 4, b"\xff")])])
]
"""As the library's decoder gives them: class, constructed or not, type and content of each element (X.690)."""


def message(**changes: object) -> dict[str, Any]:
    """
    Return a message with an entry, or what is changed of it.
    """
    payload = [(0, False, 4, b"cn=staff"), (0, True, 16, ATTRIBUTES)]
    return {"messageID": 1, "protocolOp": 4, "payload": payload, "controls": None, **changes}


def test_entry_has_its_values_as_bytes() -> None:
    """
    Name and attributes come as they were sent, also values that are no text.
    """
    decoded = lean(lambda _: {})(message())

    assert decoded == {
        "type": "searchResEntry",
        "dn": "cn=staff",
        "raw_attributes": {"member": [b"uid=a", b"\xff"]},
    }


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"protocolOp": 5}, id="another message"),
        pytest.param({"controls": ["one"]}, id="with a control"),
        pytest.param({"payload": [(0, False, 4, b"cn=\xff"), (0, True, 16, [])]}, id="a name that is no UTF-8"),
    ],
)
def test_the_rest_is_the_librarys(changes: dict[str, object]) -> None:
    """
    What is no plain entry is decoded as it always was.
    """
    assert lean(lambda given: {"given": given})(message(**changes)) == {"given": message(**changes)}
