"""
`reconciler explain`: where everything about one person comes from.
"""

import pytest
from msgspec.structs import replace

from tests.cli.conftest import ANN, BOB, CLARA, Desk


def fields(desk: Desk, name: str) -> dict[str, dict[str, object]]:
    """
    Return what is told of each field of a person.
    """
    return {one["field"]: one for one in desk.run("explain", name, "--format", "json").json["fields"]}


def test_each_value_has_its_cause(settled: Desk) -> None:
    """
    The export's record, the override's line and the policy's rule are named for the fields they decide.
    """
    settled.decides(f"- user: {ANN}\n  set: {{locale: it_IT}}\n  reason: HR-1\n")
    told = fields(settled, ANN)

    assert str(told["email"]["because"]).startswith("state/exports/ibmcloud/users.jsonl:")
    assert told["locale"]["because"] == "override state/overrides/decided.yaml:2 (HR-1)"
    assert "policy users.fields.locked" in str(told["locked"]["because"])
    assert (told["locale"]["desired"], told["locale"]["live"]) == ("it_IT", "en_US")


def test_owner_and_withheld_value_are_told(settled: Desk) -> None:
    """
    A field of the administrator's shows both values, and whose it is since when.
    """
    settled.admin.admin_sets(ANN, locale="de_AT")
    settled.run("apply", "--yes")
    told = fields(settled, ANN)["locale"]

    assert (told["owner"], told["live"], told["wrote"]) == ("admin", "de_AT", "en_US")
    assert "the admin (shared, since " in settled.run("explain", ANN).out


def test_edit_that_no_run_has_seen_is_the_administrator_s(settled: Desk) -> None:
    """
    Who owns a field is told as the next run will settle it.
    """
    settled.admin.admin_sets(ANN, locale="de_AT")

    assert fields(settled, ANN)["locale"]["owner"] == "admin"


def test_roles_are_told_with_the_group_they_come_through(settled: Desk) -> None:
    """
    Each role names the group that grants it, and the line where the group stands.
    """
    told = settled.run("explain", ANN, "--format", "json").json

    assert told["groups"][0]["member"] is True
    assert {one["through"] for one in told["roles"]} <= {one["name"] for one in told["groups"]}
    assert all("groups.jsonl:" in one["origin"] for one in told["roles"])


def test_role_that_an_override_adds_names_its_line(settled: Desk) -> None:
    """
    A role that stands in no export is told as granted directly, by the override's line, which is the field's cause.
    """
    settled.decides(f"- user: {ANN}\n  roles: {{add: [Editor]}}\n  reason: HR-3\n")
    told = settled.run("explain", ANN, "--format", "json").json
    because = next(one["because"] for one in told["fields"] if one["field"] == "roles")

    assert {"role": "Editor", "through": ""}.items() <= told["roles"][0].items()
    assert "decided.yaml:2 (HR-3)" in told["roles"][0]["origin"]
    assert "decided.yaml:2 (HR-3)" in because


def test_what_the_plan_would_do_is_told(settled: Desk) -> None:
    """
    The part of the plan that is about this person is shown, and nobody else's.
    """
    settled.cloud(lambda row: replace(row, first_name="New") if row.user_name in {ANN, BOB} else row)
    told = settled.run("explain", ANN)

    assert '"Ann" -> "New"' in told.out
    assert BOB not in told.out


def test_nothing_to_do_is_told(settled: Desk) -> None:
    """
    Of somebody in step the plan has nothing to do.
    """
    assert settled.run("explain", CLARA).out.endswith("The plan: nothing to do\n")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        pytest.param("exclude: true", "untouched: an override keeps hands off", id="excluded"),
        pytest.param("block: true", "inactive: an override blocks it", id="blocked"),
    ],
)
def test_reason_why_somebody_is_not_active_is_told(settled: Desk, override: str, words: str) -> None:
    """
    Who is kept from being active is told in words, with the override's line.
    """
    settled.decides(f"- user: {ANN}\n  {override}\n  reason: SEC-1\n")
    told = settled.run("explain", ANN)

    assert words in told.out
    assert "decided.yaml:2 (SEC-1)" in told.out


@pytest.mark.parametrize("state", ["invited", "suspended", "unknown"])
def test_state_of_the_source_is_told(settled: Desk, state: str) -> None:
    """
    What the source says of a person's state stands beside what follows from it.
    """
    name = next(row.user_name for row in settled.people() if row.state == state)
    told = settled.run("explain", name).out

    assert f"in the source  {state} (" in told
    assert "Git wants      active" not in told


def test_leaver_is_explained_from_the_ledger(settled: Desk) -> None:
    """
    Somebody whom the export no longer has is still known, and the plan's deactivation is shown.
    """
    settled.cloud(lambda row: None if row.user_name == ANN else row)
    told = settled.run("explain", ANN)

    assert told.code == 0
    assert "in the source  absent" in told.out
    assert "the source no longer has this person (absent from the export of" in told.out
    assert "deactivate" in told.out


def test_somebody_without_account_is_explained(desk: Desk) -> None:
    """
    Before the first run everybody has no account, and the plan's create is shown.
    """
    told = desk.run("explain", ANN)

    assert "account        none" in told.out
    assert "create" in told.out


def test_hostile_values_are_shown_and_not_obeyed(settled: Desk) -> None:
    """
    What the cloud says of a person cannot act on the terminal, and JSON says it exactly.
    """
    evil = "A\u202e\x1b[31m"
    settled.cloud(lambda row: replace(row, first_name=evil, source_state=evil) if row.user_name == ANN else row)
    told = settled.run("explain", ANN).out

    assert "\u202e" not in told
    assert "\x1b" not in told
    assert fields(settled, ANN)["first_name"]["desired"] == evil


def test_ambiguous_name_needs_a_key(settled: Desk) -> None:
    """
    An e-mail address that two people have means neither; their keys are named.
    """
    settled.cloud(lambda row: replace(row, email="both@example.com") if row.user_name in {ANN, BOB} else row)
    told = settled.run("explain", "both@example.com")

    assert told.code == 1
    assert "may be any of" in told.err
    assert "name the key" in told.err


def test_unknown_person_gets_the_nearest_name(settled: Desk) -> None:
    """
    A mistyped name is exit code 1 and a hint.
    """
    told = settled.run("explain", "ann.mustre@example.com")

    assert told.code == 1
    assert f"did you mean {ANN!r}?" in told.err
