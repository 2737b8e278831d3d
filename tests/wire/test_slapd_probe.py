"""
What `doctor --probe` finds out about a real OpenLDAP, with and without overlays; nothing is left of it.
"""

from collections.abc import Sequence
from contextlib import closing

import pytest

from reconciler.targets.ldap import LdapTarget
from reconciler.wire.ldap_connect import Channel
from tests.wire.slapd import ADMIN, SECRET, TOOL, slapd
from tests.wire.test_slapd_target import SETTINGS

pytestmark = pytest.mark.ci


@pytest.mark.parametrize(
    ("overlays", "told"),
    [
        pytest.param([], ("not kept", "not needed", "stay as they were"), id="none"),
        pytest.param(
            ["memberof", "refint"],
            (
                "kept by the server",
                f"kept as {ADMIN}, so our joins pass for its edits: set memberof-dn to `bind_dn`",
                "follow by themselves",
            ),
            id="memberof and refint",
        ),
    ],
)
def test_what_a_directory_does_is_measured(overlays: Sequence[str], told: tuple[str, str, str]) -> None:
    """
    It honours an assertion, names us, ignores case; what its overlays do is seen, and every entry is gone again.
    """
    with slapd(overlays=overlays) as server:
        with closing(LdapTarget(Channel(servers=(server.url,), bind_dn=TOOL, password=SECRET), SETTINGS)) as target:
            findings = target.diagnose(probe=True)
        left = server.dump()
    found = {one.what: one.found for one in findings}
    [means] = [one.means for one in findings if one.what == "memberOf"]

    assert (found["assertion, tried"], found["a late write"]) == ("honoured", "refused")
    assert (found["modifiersName"], found["case of user names"]) == (TOOL, "ignored")
    assert (found["memberOf"], means, found["memberships of who is renamed"]) == told
    assert b"reconciler-probe" not in left
