"""
An adapter's settings: typed by it, refused with their place, filled with the environment's secrets.
"""

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from msgspec.structs import asdict

from reconciler.errors import InputError, UsageError
from reconciler.files.state import State, load_state
from reconciler.wiring.settings import plugged_source, plugged_target, setting_faults
from tests.wiring.plugs import installed

CONFIG = """\
version: 1
sources:
  planets:
    type: planets
    settings:
      base: https://planets.example.com/${SYSTEM}
      key: ${PLANETS_KEY}
      page: 50
      moons: [{name: NO, size: 3}]
targets:
  openpages:
    type: sql
    url: sqlite:///x.db
    sources: [planets]
    policy: openpages
"""
ENVIRON = {"SYSTEM": "sol", "PLANETS_KEY": "s3cret"}
MODULE = """\
from typing import Annotated
from msgspec import Meta, Struct
from reconciler.ports_adapter import Secret, SourceAdapter

class Moon(Struct, frozen=True):
    name: str
    size: int = 1

class Planets(Struct, frozen=True, kw_only=True):
    base: Annotated[str, Meta(pattern="^https://[a-z./${}A-Z]+$")]
    key: Secret
    page: int = 100
    moons: tuple[Moon, ...] = ()

ADAPTER = SourceAdapter(settings=Planets)
"""


@pytest.fixture(autouse=True)
def planets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    Install a distribution with a source whose adapter has settings.
    """
    folder = tmp_path / "site"
    folder.mkdir()
    installed(
        folder, "planets", "[reconciler.sources]\nplanets = plugged_planets:ADAPTER\n", plugged_planets=MODULE
    )
    monkeypatch.syspath_prepend(str(folder))
    yield
    sys.modules.pop("plugged_planets", None)


def state(folder: Path, *changes: tuple[str, str]) -> State:
    """
    Return the state folder whose configuration says this, with some text replaced.
    """
    text = CONFIG
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folder / "state").mkdir()
    (folder / "state" / "reconciler.yaml").write_text(text)
    return load_state(folder / "state")


def test_settings_are_typed_by_the_adapter(tmp_path: Path) -> None:
    """
    Numbers are numbers where it wants numbers, text is text, and `${NAME}` is what the environment says.
    """
    _, settings = plugged_source(state(tmp_path), "planets", ENVIRON)
    (moon,) = asdict(settings).pop("moons")

    assert asdict(settings) | {"moons": ()} == {
        "base": "https://planets.example.com/sol",
        "key": "s3cret",
        "page": 50,
        "moons": (),
    }
    assert asdict(moon) == {"name": "NO", "size": 3}


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        pytest.param(("page: 50", "pgae: 50"), 8, 'unknown key "pgae"*did you mean "page"?', id="unknown"),
        pytest.param(("page: 50", "page: x"), 8, 'settings.page is "x", not a whole number', id="type"),
        pytest.param(("size: 3", "size: big"), 9, 'moons[[]0].size is "big"', id="within"),
        pytest.param(("      key: ${PLANETS_KEY}\n", ""), 5, 'settings lacks "key"*add: key', id="missing"),
        pytest.param(("${PLANETS_KEY}", "s3cret"), 7, "is (not shown)*${ENV_NAME}", id="open-secret"),
        pytest.param(("type: planets", "type: planet"), 4, "sources.planets.type: there is no", id="kind"),
        pytest.param(("type: sql", "type: sqll"), 12, 'openpages.type: there is no*"sql"', id="target"),
    ],
)
def test_wrong_setting_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], line: int, told: str) -> None:
    """
    The adapter's type refuses as a schema does: the place, the value, and what was meant.
    """
    found = state(tmp_path, change)
    (fault,) = setting_faults(found.document, found.config)

    assert fault.line == line
    assert fnmatchcase(str(fault), f"*{told}*")
    assert "s3cret" not in str(fault)


def test_setting_that_has_a_default_may_be_left_out(tmp_path: Path) -> None:
    """
    The adapter's type says what then holds.
    """
    _, settings = plugged_source(state(tmp_path, ("      page: 50\n", "")), "planets", ENVIRON)

    assert asdict(settings)["page"] == 100


def test_all_faults_of_settings_are_told_at_once(tmp_path: Path) -> None:
    """
    Whoever corrects one need not run again for the next.
    """
    found = state(tmp_path, ("page: 50", "page: x"), ("size: 3", "size: y"), ("${PLANETS_KEY}", "s3cret"))
    with pytest.raises(InputError) as refused:
        plugged_source(found, "planets", ENVIRON)

    assert [fault.line for fault in refused.value.faults] == [7, 8, 9]


def test_settings_where_none_are_wanted_are_refused(tmp_path: Path) -> None:
    """
    An adapter without settings refuses each.
    """
    found = state(tmp_path, ("    policy: openpages\n", "    policy: openpages\n    settings: {page: 1}\n"))
    with pytest.raises(InputError, match=r'unknown key "page" in targets\.openpages\.settings'):
        plugged_target(found, "openpages", ENVIRON)


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        pytest.param("okta", "{page: 1}", "sources.planets.settings takes nothing here", id="none are taken"),
        pytest.param("ldap", "{servers: 'ldap://x', base: b}", "not a list*write it in brackets", id="no list"),
        pytest.param("scim", "{url: 'https://x', auth: {type: zzz}}", "not bearer or basic or oauth2", id="type"),
        pytest.param("scim", "{url: 'https://x', auth: {type: ibmclud}}", 'did you mean "ibmcloud"', id="near"),
        pytest.param("scim", "{url: 'https://x', auth: {user: a}}", "add type: bearer or basic", id="no type"),
        pytest.param("scim", "{url: 'https://x', auth: {type: basic}}", 'lacks "user" and "password"', id="basic"),
    ],
)
def test_wrong_setting_says_what_is_taken(tmp_path: Path, kind: str, settings: str, told: str) -> None:
    """
    The types there are, how a list is written, and that an adapter takes no settings at all.
    """
    _, _, ours = CONFIG.partition("    type: planets\n")
    ours, _, _ = ours.partition("targets:")
    found = state(tmp_path, (f"type: planets\n{ours}", f"type: {kind}\n    settings: {settings}\n"))

    assert any(fnmatchcase(str(fault), f"*{told}*") for fault in setting_faults(found.document, found.config))


def test_variable_that_is_unset_is_named(tmp_path: Path) -> None:
    """
    A secret that nobody gives is no empty one.
    """
    with pytest.raises(UsageError, match="source planets: the environment has no PLANETS_KEY"):
        plugged_source(state(tmp_path), "planets", {"SYSTEM": "sol"})


def test_value_of_the_environment_is_never_shown(tmp_path: Path) -> None:
    """
    A variable that does not fit is told by the place of the setting, since its value may be a secret.
    """
    with pytest.raises(UsageError, match=r"at `\$.base`") as refused:
        plugged_source(state(tmp_path), "planets", {**ENVIRON, "SYSTEM": "s3cret 7"})

    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("text", ["ldap://me:s3cret@planets.example.com", "https://x/?token=s3cret"])
def test_secret_within_an_address_is_refused(tmp_path: Path, text: str) -> None:
    """
    What an address of a target must not hold, no setting may hold.
    """
    with pytest.raises(InputError, match="holds a secret in plain text") as refused:
        state(tmp_path, ("https://planets.example.com/${SYSTEM}", text))

    assert [fault.line for fault in refused.value.faults] == [6]
    assert "s3cret" not in str(refused.value)
