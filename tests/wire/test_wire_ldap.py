"""
What is decided about a directory without asking it: which address is safe, what a result means, how parts join.
"""

import sys
from pathlib import Path

import pytest

from reconciler.errors import UsageError, WireError
from reconciler.wire.ldap import told
from reconciler.wire.ldap_connect import Channel, connect
from reconciler.wire.ldap_entry import Range, entry


@pytest.mark.parametrize(
    ("url", "word"),
    [
        pytest.param("ldap://ldap.example.com", "not encrypted", id="in the clear"),
        pytest.param("http://ldap.example.com", "cannot be read", id="other scheme"),
        pytest.param("ldaps://", "cannot be read", id="no host"),
        pytest.param("ldaps://ann:s3cret@ldap.example.com", "cannot be read", id="secret in the address"),
        pytest.param("ldaps://ldap.example.com/dc=x", "cannot be read", id="base in the address"),
    ],
)
def test_address_that_is_unsafe_or_wrong_is_refused(url: str, word: str) -> None:
    """
    Where nobody proves who answers, or the address is none, nobody is dialled; no secret is repeated.
    """
    with pytest.raises(UsageError, match=word) as caught:
        connect(Channel(servers=("ldaps://ldap.example.com", url)))

    assert "s3cret" not in caught.value.message


def test_servers_that_do_not_answer_are_all_named() -> None:
    """
    Where no server answers, the message has every one of them and why.
    """
    with pytest.raises(WireError) as caught:
        connect(Channel(servers=("ldap://127.0.0.1:1", "ldap://localhost:1"), timeout=2))

    assert caught.value.message.count("cannot connect") == 2


def test_authority_that_is_no_file_is_told() -> None:
    """
    A `ca_file` that is not there is a mistake of the settings, and named.
    """
    with pytest.raises(UsageError, match=r"none\.pem"):
        connect(Channel(servers=("ldaps://ldap.example.com",), ca_file=Path("none.pem")))


def test_error_of_the_library_becomes_ours() -> None:
    """
    What the library or the system says is told on one line, as an answer that never came.
    """
    with pytest.raises(WireError, match="cannot look: no route") as caught, told("ldap://x", "look"):
        raise OSError("no\nroute")

    assert caught.value.lost


def test_part_of_an_attribute_is_told() -> None:
    """
    Values that come in ranges are under the attribute's own name, and where the rest begins is kept.
    """
    one = entry("cn=a", {"member": [], "member;range=0-1499": [b"x"], "mail;lang-de": [b"y"]})

    assert one.attributes == {"member": (b"x",), "mail": (b"y",)}
    assert one.ranges == (Range("member", 1500),)


def test_directory_library_that_is_missing_is_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A library that is not there ends as every other one does, with what to install; no server is asked.
    """
    monkeypatch.setitem(sys.modules, "ldap3", None)

    with pytest.raises(UsageError, match="ldap3 is not installed") as refused:
        connect(Channel(servers=("ldaps://ldap.example.com",)))

    assert "identity-reconciler[ldap]" in refused.value.hint
