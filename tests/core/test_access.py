"""
What a person may do, and how the target expresses it.
"""

import pytest

from reconciler.core.access import Grant, expressed, grants, may_log_in
from tests.core.organisations import export, person, policy, team

DIRECT, THROUGH = Grant("Administrator", ""), Grant("Administrator", "id-admins")


@pytest.mark.parametrize(
    ("groups", "templates", "grant", "roles"),
    [
        pytest.param(["G"], ["T"], DIRECT, ("G", "T"), id="direct"),
        pytest.param(["G"], ["T"], THROUGH, ("G",), id="through a group"),
        pytest.param(["G", "H"], [], THROUGH, ("G", "H"), id="several groups"),
        pytest.param([], ["T"], DIRECT, ("Administrator", "T"), id="no group, a template"),
        pytest.param([], [], THROUGH, ("Administrator",), id="nothing but the role"),
        pytest.param(["G"], ["T"], Grant("Editor", ""), ("Editor",), id="another role"),
    ],
)
def test_administrator_as_the_target_expresses_it(
    groups: list[str], templates: list[str], *, grant: Grant, roles: tuple[str, ...]
) -> None:
    """
    The role becomes groups, and templates where it is granted directly; where there is no group it stays a role.
    """
    rules = policy({"roles": {"administrator": {"groups": groups, "templates": templates}}})

    assert expressed([grant], rules) == roles


def test_grants_tell_what_they_come_through() -> None:
    """
    Direct roles first, then those of groups in the order of their keys, each by its canonical name.
    """
    rows = {one.row.key: one for one in export([], [team("b", "Usr"), team("a", "Editor")]).groups}
    held = grants(person("ann", groups=("id-a", "id-b", "id-ghost"), roles=("Usr",)), rows, policy())

    assert held == (Grant("User", ""), Grant("Editor", "id-a"), Grant("User", "id-b"))


@pytest.mark.parametrize(
    ("roles", "login", "allowed"),
    [(("Usr",), ["User"], True), (("Editor",), ["User"], False), ((), ["User"], False), ((), [], True)],
)
def test_login_role_lets_in(roles: tuple[str, ...], login: list[str], *, allowed: bool) -> None:
    """
    Any login role will do, by any of its names; where the policy names none, everybody may come in.
    """
    assert may_log_in(roles, policy({"users": {"login_roles": login}})) is allowed
