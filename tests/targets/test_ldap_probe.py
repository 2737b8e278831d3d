"""
What a directory server says of itself, and what it does to throw-away entries, which are gone afterwards.
"""

import pytest

from tests.targets.ldap_memory import BASE, US, MemoryDirectory


def found(directory: MemoryDirectory, *, probe: bool = True) -> dict[str, str]:
    """
    Return what was found, by what was looked at.
    """
    return {one.what: one.found for one in directory.target().diagnose(probe=probe)}


def test_directory_that_keeps_its_promises_is_found_to() -> None:
    """
    It compares before it writes, names us, and leaves memberships to us; nothing is left of what was tried.
    """
    directory = MemoryDirectory()
    told = found(directory)

    assert (told["assertion (RFC 4528)"], told["assertion, tried"], told["a late write"]) == (
        "yes",
        "honoured",
        "refused",
    )
    assert (told["modifiersName"], told["last writer"]) == (US, "told: we are 'run-unnamed'")
    assert (told["memberOf"], told["memberships of who is renamed"]) == ("not kept", "stay as they were")
    assert told["page"] == "1 people in 1 answers of at most 500"
    assert "write window" not in told
    assert directory.entries == {}


def test_nothing_is_written_without_being_asked_to() -> None:
    """
    What the server says of itself is read, and no entry is made.
    """
    directory = MemoryDirectory()

    assert found(directory, probe=False) == {"assertion (RFC 4528)": "yes", "pages (RFC 2696)": "no"}
    assert directory.clock == 0


def test_overlay_that_writes_under_another_name_is_told() -> None:
    """
    Who keeps memberOf writes on people's own entries: under another name, our joins would pass for its edits.
    """
    directory = MemoryDirectory(overlays=["memberOf"])
    directory.keeper = f"cn=root,{BASE}"
    [told] = [one for one in directory.target().diagnose(probe=True) if one.what == "memberOf"]

    assert told.means.startswith(f"kept as cn=root,{BASE}")
    assert "memberof-dn" in told.means


@pytest.mark.parametrize(
    ("directory", "what", "told"),
    [
        pytest.param(MemoryDirectory(asserts=False), "assertion, tried", "ignored: a late", id="assertion ignored"),
        pytest.param(MemoryDirectory(asserts=False), "write window", "read ", id="window"),
        pytest.param(MemoryDirectory(overlays=["memberOf"]), "memberOf", "kept by the server", id="memberof"),
        pytest.param(MemoryDirectory(overlays=["refint"]), "memberships of who is renamed", "follow", id="refint"),
        pytest.param(MemoryDirectory(writer=None), "modifiersName", "hidden", id="writer hidden"),
        pytest.param(
            MemoryDirectory(writer=f"uid=other,{BASE}"), "modifiersName", "uid=other", id="another writer"
        ),
        pytest.param(
            MemoryDirectory(refuses="pwdAccountLockedTime"), "a user who is inactive", "refused", id="lock"
        ),
        pytest.param(MemoryDirectory(refuses="employeeNumber"), "create a user", "refused: result 65", id="nobody"),
        pytest.param(MemoryDirectory(refuses="businessCategory"), "create a group", "refused", id="no group"),
    ],
)
def test_what_a_directory_does_otherwise_is_found(directory: MemoryDirectory, what: str, told: str) -> None:
    """
    Promises that are not kept, overlays that are at work, and what is refused; nothing is left behind.
    """
    assert found(directory)[what].startswith(told)
    assert directory.entries == {}
