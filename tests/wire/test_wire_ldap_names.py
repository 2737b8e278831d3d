"""
Names and filters of directories: what is written acts as nothing, and what means one entry compares equal.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.wire.ldap_names import asserted, escaped, leaf, named, normal, parent


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("CN=Ann  Müller,OU=People,DC=x", id="case and spaces"),
        pytest.param("cn = ann müller ; ou=people,dc=x", id="old separator"),
        pytest.param(r"cn=ann\20m\C3\BCller,ou=people,dc=x", id="hex pairs"),
        pytest.param('cn="ann müller",ou=people,dc=x', id="quoted"),
        pytest.param("2.5.4.3=ann müller,OID.2.5.4.11=people,dc=x", id="numbers for names"),
        pytest.param("commonName=ann mu\u0308ller,organizationalUnitName=people,dc=x", id="long names, decomposed"),
        pytest.param("cn=#040B616E6E206DC3BC6C6C6572,ou=people,dc=x", id="encoded"),
    ],
)
def test_spellings_of_one_name_compare_equal(spelling: str) -> None:
    """
    However a name is spelled, it is compared as one text.
    """
    assert normal(spelling) == "cn=ann müller,ou=people,dc=x"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(r"cn=a\,ou=b,dc=x", "cn=a,ou=b,dc=x", id="escaped comma"),
        pytest.param("cn=a+sn=b,dc=x", r"cn=a\+sn=b,dc=x", id="escaped plus"),
        pytest.param("cn=a,dc=x", "ou=a,dc=x", id="type"),
        pytest.param("cn=#0500,dc=x", "cn=0500,dc=x", id="other encoding"),
    ],
)
def test_names_of_two_entries_differ(one: str, other: str) -> None:
    """
    What only looks alike is not one entry.
    """
    assert normal(one) != normal(other)


def test_parts_of_one_rdn_have_no_order() -> None:
    """
    A name of several values at one place is the same in any order, and at the top there is no name.
    """
    assert normal("sn=b+cn=a,dc=x") == normal("cn=a+sn=b,dc=x")
    assert normal("") == ""


@pytest.mark.parametrize("text", ["nonsense", "cn=x,", "cn=x,,dc=y", "=x", "cn=x+"])
def test_what_is_no_name_is_refused(text: str) -> None:
    """
    Text that is no distinguished name is never compared as if it were one.
    """
    with pytest.raises(ValueError, match="no distinguished name"):
        normal(text)


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_any_value_is_one_rdn(value: str) -> None:
    """
    Whatever stands in a value, the name has the parts it was made of.
    """
    dn = named("cn", value, "dc=example")

    assert leaf(dn) + "," + parent(dn) == dn
    assert parent(dn) == "dc=example"
    assert normal(dn).endswith(",dc=example")


def test_nul_is_escaped_in_names_and_filters() -> None:
    """
    A NUL, at which programs in C end, never stands in a name or a filter as it is.
    """
    assert (escaped("a\0b"), asserted("a\0b")) == (r"a\00b", r"a\00b")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a ", r"\ a\ "),
        ("#a", r"\#a"),
        ("a,b+c", r"a\,b\+c"),
        ('a"b\\c<d>e;f=g', r"a\"b\\c\<d\>e\;f\=g"),
        (" ", r"\ "),
    ],
)
def test_value_of_a_name_is_escaped(value: str, expected: str) -> None:
    """
    What would act in a name is escaped as RFC 4514 says.
    """
    assert escaped(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("a*(b)\\", r"a\2a\28b\29\5c"), ("ü", r"\c3\bc"), (b"\x01\xffa", r"\01\ffa")]
)
def test_value_of_a_filter_is_escaped(value: str | bytes, expected: str) -> None:
    """
    What would act in a filter, and bytes that are no text, come as hex digits.
    """
    assert asserted(value) == expected


@pytest.mark.parametrize("cut", [leaf, parent])
def test_only_a_name_has_parts(cut: object) -> None:
    """
    What is no name has neither first part nor parent.
    """
    assert callable(cut)
    with pytest.raises(ValueError, match="no distinguished name"):
        cut("nonsense")


@given(st.lists(st.from_regex(r"\A(cn|ou|UID|dc|title)=[A-Za-z0-9@._ -]+\Z"), min_size=1, max_size=4))
def test_plain_names_are_compared_as_any_other(parts: list[str]) -> None:
    """
    A name without anything to escape, which is told at a glance, comes to the same as read part by part.
    """
    assert normal(",".join(parts)) == normal(" , ".join(parts))
