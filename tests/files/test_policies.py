"""
A policy is its preset with the user's own laid over it, and knows where each rule stands.
"""

from pathlib import Path

import pytest

from reconciler.core.model import SETS
from reconciler.core.policy import Policy
from reconciler.files.policies import policies, preset, presets


def policy(tmp_path: Path, text: str) -> Policy:
    """
    Return the policy that a file with this text resolves to.
    """
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "own.yaml").write_text(text, "utf-8")
    found = policies(tmp_path)
    own = found.named("own.yaml")

    assert found.faults == ()
    assert own is not None
    return own


def preset_text(name: str) -> str:
    """
    Return a preset as it ships, comments and all.
    """
    folder = Path(__file__).parents[2] / "reconciler" / "files" / "presets"
    return (folder / f"{name}.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", presets())
def test_preset_is_sound(name: str) -> None:
    """
    What ships has no fault, and can be used as it is.
    """
    resolved = policies(Path("nowhere")).named(name)

    assert preset(name).value["version"] == 1
    assert resolved is not None
    assert all(place.startswith(f"preset {name}:") for place in resolved.origins.values())


@pytest.mark.parametrize("name", presets())
def test_preset_is_told_in_the_readme(name: str) -> None:
    """
    The table of presets has a line for each that ships.
    """
    table = (Path(__file__).parents[2] / "README.md").read_text("utf-8").partition("## Presets")[2]

    assert f"| `{name}` | " in table.partition("\n## ")[0]


@pytest.mark.parametrize("name", presets())
def test_preset_names_the_vendor_s_documents(name: str) -> None:
    """
    A preset says where the behaviour is documented, and half of its rules or more say what they express.
    """
    text = preset_text(name)
    head, _, body = text.partition("version: 1")
    rules = [line for line in body.splitlines() if ":" in line and not line.lstrip().startswith("#")]

    assert "# [1] " in head
    assert "https://" in head
    assert len([line for line in body.splitlines() if line.lstrip().startswith("#")]) * 2 >= len(rules)


def test_own_rules_stand_over_those_of_the_preset(tmp_path: Path) -> None:
    """
    Mappings merge key by key, lists and single values replace, and the rest stays the preset's.
    """
    own = policy(
        tmp_path,
        "extends: openpages\nusers:\n  login_roles: [Boss]\n  fields:\n"
        "    locale: {authority: shared, default: de_DE}\n    email: shared\n",
    )

    assert own.users.login_roles == ("Boss",)
    assert own.users.fields["locale"].default == "de_DE"
    assert own.users.fields["email"].authority == "shared"
    assert own.users.fields["user_name"].authority == "source"
    assert SETS & set(own.users.fields) == {"profiles", "roles"}


def test_every_rule_has_its_origin(tmp_path: Path) -> None:
    """
    `explain` and `policy show` can say of each rule in which file and line it stands.
    """
    own = policy(
        tmp_path,
        "extends: openpages\nusers:\n  fields:\n    locale:\n      authority: shared\n    locked: source\n"
        "groups:\n  lifecycle: {missing: keep}\n",
    )
    here = f"{tmp_path.as_posix()}/policies/own.yaml"

    assert own.origins["users.fields.locale"] == f"{here}:4"
    assert own.origins["users.fields.locale.authority"] == f"{here}:5"
    assert own.origins["users.fields.locale.default"].startswith("preset openpages:")
    assert own.origins["users.fields.locked"] == f"{here}:6"
    assert "users.fields.locked.value" not in own.origins
    assert own.origins["groups.lifecycle.missing"] == f"{here}:8"
    assert "groups.lifecycle.missing.move_to" not in own.origins
    assert not {"extends", "version", "users"} & set(own.origins)


def test_origins_say_the_line_of_the_preset() -> None:
    """
    The line is that of the file that ships.
    """
    lines = (Path(__file__).parents[2] / "reconciler/files/presets/openpages.yaml").read_text("utf-8").splitlines()
    resolved = policies(Path("nowhere")).named("openpages")
    line = int(resolved.origins["users.rename"].rpartition(":")[2]) if resolved else 0

    assert lines[line - 1].strip() == "rename: replace"


def test_set_owned_by_its_elements_is_a_fault(tmp_path: Path) -> None:
    """
    A rule that nothing keeps is told with its line, and the policy is not used without it.
    """
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "own.yaml").write_text(
        "extends: openpages\nusers:\n  fields:\n    locale: {authority: shared, granularity: field}\n"
        "    profiles: {authority: shared, granularity: element}\n",
        "utf-8",
    )
    found = policies(tmp_path)

    assert [(fault.line, fault.message) for fault in found.faults] == [
        (5, "profiles: granularity element is not supported: a set is owned whole")
    ]
    assert found.named("own.yaml") is None


def test_unknown_preset_is_a_fault_with_the_name_that_was_meant(tmp_path: Path) -> None:
    """
    A name is looked up among those there are, never on the disk.
    """
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "a.yaml").write_text("version: 1\nextends: openpagse\n", "utf-8")
    (tmp_path / "policies" / "b.yaml").write_text("extends: ../presets/openpages\n", "utf-8")
    found = policies(tmp_path)

    assert [(fault.line, fault.message) for fault in found.faults] == [
        (2, 'extends "openpagse": no such preset'),
        (1, 'extends "../presets/openpages": no such preset'),
    ]
    assert found.faults[0].hint == 'did you mean "openpages"?'
    assert found.named("a.yaml") is None
