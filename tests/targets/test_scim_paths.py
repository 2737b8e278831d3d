"""
Where a field lies in a SCIM resource: read from there, put there, everything else left as it was.
"""

from typing import Any

import pytest

from reconciler.targets.scim_paths import found, place, put

URN = "urn:example:params:2.0:User"
ANN: dict[str, Any] = {
    "userName": "ann",
    "name": {"givenName": "Ann", "formatted": "Ann M."},
    "emails": [
        {"value": "home@example.com", "type": "home"},
        {"value": "ann@example.com", "type": "work", "primary": True},
    ],
    "roles": [{"value": "Viewer", "display": "View"}, {"value": "Editor"}],
    "Tags": ["a", "b"],
    URN: {"locale": "en_US", "manager": {"value": "7"}},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("userName", "ann", id="attribute"),
        pytest.param("USERNAME", "ann", id="another case"),
        pytest.param("name.givenName", "Ann", id="part"),
        pytest.param("name.familyName", None, id="no such part"),
        pytest.param("title.value", None, id="no such attribute"),
        pytest.param("userName.value", None, id="part of a text"),
        pytest.param("emails[primary].value", "ann@example.com", id="primary"),
        pytest.param("emails[first].value", "home@example.com", id="first"),
        pytest.param('emails[type eq "home"].value', "home@example.com", id="type"),
        pytest.param('emails[type eq "other"].value', None, id="no such type"),
        pytest.param("phoneNumbers[primary].value", None, id="none at all"),
        pytest.param("roles[].value", ["Viewer", "Editor"], id="all"),
        pytest.param("tags[]", ["a", "b"], id="all of simple ones"),
        pytest.param("userName[]", ["ann"], id="one where several are meant"),
        pytest.param("nothing[]", [], id="none of several"),
        pytest.param(f"{URN}:locale", "en_US", id="extension"),
        pytest.param(f"{URN}:manager.value", "7", id="part in an extension"),
        pytest.param("urn:other:User:locale", None, id="no such extension"),
    ],
)
def test_value_is_found_where_the_path_says(path: str, expected: object) -> None:
    """
    Names match in any case, and what is not there is nothing.
    """
    assert found(ANN, place(path)) == expected


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        pytest.param("userName", "anna", {"userName": "anna"}, id="attribute"),
        pytest.param("title", None, {}, id="nothing stays nothing"),
        pytest.param("name.givenName", "A", {"name": {"givenName": "A", "formatted": "Ann M."}}, id="part"),
        pytest.param("name.givenName", None, {"name": {"formatted": "Ann M."}}, id="part cleared"),
        pytest.param("title.value", "x", {"title": {"value": "x"}}, id="new part"),
        pytest.param(
            "emails[primary].value",
            "new@example.com",
            {"emails": [ANN["emails"][0], {"value": "new@example.com", "type": "work", "primary": True}]},
            id="primary",
        ),
        pytest.param("emails[primary].value", None, {"emails": [ANN["emails"][0]]}, id="primary cleared"),
        pytest.param(
            'emails[type eq "other"].value',
            "o@example.com",
            {"emails": [*ANN["emails"], {"value": "o@example.com", "type": "other"}]},
            id="new type",
        ),
        pytest.param(
            "phoneNumbers[primary].value", "1", {"phoneNumbers": [{"value": "1", "primary": True}]}, id="first"
        ),
        pytest.param("ims[first].value", "x", {"ims": [{"value": "x"}]}, id="first, without a mark"),
        pytest.param(
            "roles[].value",
            ["Viewer", "Operator"],
            {"roles": [{"value": "Viewer", "display": "View"}, {"value": "Operator"}]},
            id="one kept as it was, one new",
        ),
        pytest.param("tags[]", ["b", "c"], {"Tags": ["b", "c"]}, id="simple ones, under the name they bear"),
        pytest.param(
            f"{URN}:locale", "de_DE", {URN: {"locale": "de_DE", "manager": {"value": "7"}}}, id="extension"
        ),
        pytest.param("urn:other:User:locale", "x", {"urn:other:User": {"locale": "x"}}, id="new extension"),
    ],
)
def test_value_is_put_and_the_rest_is_kept(path: str, value: Any, expected: dict[str, Any]) -> None:
    """
    What is there besides, in the resource, the attribute or the element, stays as it was.
    """
    assert put(ANN, place(path), value) == {**ANN, **expected}


@pytest.mark.parametrize("path", ["roles[].value", "tags[]", "userName", f"{URN}:manager.value"])
def test_nothing_leaves_nothing_behind(path: str) -> None:
    """
    A cleared attribute is gone, not empty: RFC 7643 section 2.5 takes them for the same.
    """
    at = place(path)

    assert not found(put(ANN, at, None), at)
    assert all(value not in ([], {}, None) for value in put(ANN, at, None).values())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "user name",
        "a.b.c",
        "emails[primary]",
        "emails[second].value",
        'emails[type eq "a"]',
        ".value",
        "urn:x:",
    ],
)
def test_path_that_says_nothing_is_refused(path: str) -> None:
    """
    A path that cannot be parsed is told by its text.
    """
    with pytest.raises(ValueError, match=r".") as refused:
        place(path)

    assert repr(path) in str(refused.value)
