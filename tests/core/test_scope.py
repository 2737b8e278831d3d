"""
Scopes as values: what each name means, which texts name none, and several of one kind as one.
"""

import pytest

from reconciler.core.scope import ALL, START, Scope, joined, login, scope_of, search, sync_groups, sync_users
from reconciler.errors import UsageError


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("all", ALL),
        ("start", START),
        ("login:ann", login(["ann"])),
        ("login: bob , ann,", login(["ann", "bob"])),
        ("sync-users", sync_users([])),
        ("sync-users:ann", sync_users(["ann"])),
        ("sync-groups", sync_groups([])),
        ("sync-groups:staff,guests", sync_groups(["guests", "staff"])),
    ],
)
def test_scope_is_named_by_a_text(text: str, scope: Scope) -> None:
    """
    A name, and where it is about somebody, a colon and whom; order and blanks mean nothing.
    """
    assert scope_of(text) == scope


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("everything", "there is no scope 'everything'"),
        ("search:ann", "there is no scope 'search'"),
        ("login", "a login is somebody's"),
        ("login:,", "a login is somebody's"),
        ("all:ann", "the scope all is about no names"),
    ],
)
def test_text_that_names_no_scope_is_refused(text: str, told: str) -> None:
    """
    A scope that nobody knows, or that has too few or too many names, is a wrong call.
    """
    with pytest.raises(UsageError) as caught:
        scope_of(text)

    assert told in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("scopes", "one"),
    [
        pytest.param([login(["ann"]), login(["bob", "ann"])], login(["ann", "bob"]), id="logins"),
        pytest.param([sync_users(["ann"]), sync_users([])], sync_users([]), id="one is about all"),
        pytest.param([START, START], START, id="no names"),
    ],
)
def test_several_scopes_of_one_kind_are_one(scopes: list[Scope], one: Scope) -> None:
    """
    It is about everybody whom any of them is about.
    """
    assert joined(scopes) == one


def test_scope_tells_whom_it_is_about() -> None:
    """
    A few are told by name, many by their number.
    """
    told = [one.told for one in (ALL, login(["ann"]), search(f"id-{number}" for number in range(4)))]

    assert told == ["all", "login: ann", "search: 4 names"]
