"""
The contract of targets, first part: what was written is kept, and read again.
"""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from reconciler.core.model import Fields, Live, Value
from reconciler.ports import Unfenced
from reconciler.testing.writes import creation, group, landed, update, user


class KeptContract:
    """
    The ground of the contract, and its tests of what a target keeps.
    """

    fields: ClassVar[Fields] = {
        "user_name": None,
        "email": None,
        "first_name": None,
        "last_name": None,
        "display_name": None,
        "distinguished_name": None,
        "description": None,
        "locale": None,
        "locked": False,
        "can_change_password": True,
        "temporary_password": False,
        "password_expires_in_days": 0,
        "profiles": (),
        "roles": (),
    }
    group_fields: ClassVar[Fields] = {
        "name": None,
        "description": None,
        "parent": None,
        "deleted": False,
        "roles": (),
    }
    tells_writer: ClassVar[bool] = True
    cannot: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(autouse=True)
    def declared(self, request: pytest.FixtureRequest) -> None:
        """
        Expect a test to fail where the system is declared not to be able to pass it.
        """
        reasons = (self.cannot.get(name) for name in (request.node.name, request.function.__name__))
        if reason := next(filter(None, reasons), None):
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

    def some(self, **fields: Value) -> Fields:
        """
        Return those of a user's fields that this system has.
        """
        return {name: value for name, value in fields.items() if name in self.fields}

    def some_of_group(self, **fields: Value) -> Fields:
        """
        Return those of a group's fields that this system has.
        """
        return {name: value for name, value in fields.items() if name in self.group_fields}

    def writer(self, name: str) -> str | None:
        """
        Return who must be told as the last writer, where the system knows.
        """
        return name if self.tells_writer else None

    @pytest.fixture
    def ann(self, target: Unfenced) -> Live:
        """
        Return a user who is in group Auditors and not in group Traders.
        """
        auditors = landed(target, creation("Auditors", kind="group"))
        landed(target, creation("Traders", kind="group"))
        asked = self.some(email="ann@example.com", locale="en_US", roles=("Viewer",), profiles=("Default",))
        return landed(target, creation("ann", asked, join=(auditors.id,)))

    def test_new_target_holds_nobody(self, target: Unfenced) -> None:
        """
        A target that nobody has written to is whole and empty.
        """
        snapshot = target.read()

        assert snapshot.complete
        assert (snapshot.users, snapshot.groups) == ((), ())

    def test_new_target_knows_its_catalogue(self, target: Unfenced) -> None:
        """
        A target comes with the profile of who has no other.
        """
        assert target.read().catalogue.profiles["Default"].fallback

    def test_created_user_holds_what_was_asked(self, target: Unfenced, ann: Live) -> None:
        """
        A create answers with the target's id, our key, every field, the groups and the run as last writer.
        """
        assert (ann.kind, ann.name, ann.external_id, ann.active) == ("user", "ann", "key of ann", True)
        assert ann.groups == (group(target, "Auditors").id,)
        assert ann.changed_by == self.writer("run-1")
        asked = self.some(email="ann@example.com", locale="en_US", roles=("Viewer",), profiles=("Default",))
        assert ann.fields == {**self.fields, "user_name": "ann", **asked}

    def test_created_group_holds_what_was_asked(self, target: Unfenced) -> None:
        """
        A group is created with its fields, below its parent, active unless said otherwise.
        """
        asked = self.some_of_group(description="They trade", parent="Top", roles=("Editor",))
        made = landed(target, creation("Traders", asked, kind="group"))

        assert (made.kind, made.name, made.external_id, made.active) == ("group", "Traders", "key of Traders", True)
        assert made.fields == {**self.group_fields, "name": "Traders", **asked}

    def test_account_can_be_created_inactive(self, target: Unfenced) -> None:
        """
        The lifecycle state is a field of the write like any other.
        """
        assert not landed(target, creation("eve", active=False)).active

    def test_what_was_read_back_is_what_is_read(self, target: Unfenced, ann: Live) -> None:
        """
        The answer to a write and the next whole reading say the same.
        """
        traders = group(target, "Traders")
        ann = landed(target, update(ann, self.some(roles=("Operator",), locked=True), join=(traders.id,)))

        assert user(target, "ann") == ann

    def test_snapshot_is_sorted_by_id_as_text(self, target: Unfenced) -> None:
        """
        Entities come sorted by id as text, so 10 stands before 2.
        """
        target.write([creation(f"user{number:02}") for number in range(12)], run="run-1")
        ids = [live.id for live in target.read().users]

        assert len(ids) == 12
        assert ids == sorted(ids)

    def test_groups_of_a_user_are_sorted_ids(self, target: Unfenced) -> None:
        """
        Membership is a sorted set of the target's group ids.
        """
        made = target.write([creation(f"Group {number:02}", kind="group") for number in range(12)], run="run-1")
        ids = [result.live.id for result in made if result.live]
        ann = landed(target, creation("ann", join=tuple(reversed(ids))))

        assert ann.groups == tuple(sorted(ids))
        assert user(target, "ann").groups == ann.groups

    def test_update_changes_the_named_fields_only(self, target: Unfenced, ann: Live) -> None:
        """
        A field that a write does not name keeps its value.
        """
        asked = self.some(last_name="Miller", password_expires_in_days=90)
        after = landed(target, update(ann, asked), run="run-2")

        assert after.fields == {**ann.fields, **asked}
        assert (after.id, after.groups, after.active) == (ann.id, ann.groups, True)
        assert after.changed_by == self.writer("run-2")

    def test_none_clears(self, target: Unfenced, ann: Live) -> None:
        """
        None empties a field, and None for a set is the empty set, like one without elements.
        """
        after = landed(target, update(ann, self.some(profiles=None, roles=()), email=None))

        assert after.fields == {**ann.fields, "email": None, **self.some(profiles=(), roles=())}

    def test_empty_text_is_a_value(self, target: Unfenced, ann: Live) -> None:
        """
        The empty text is kept as one.
        """
        assert landed(target, update(ann, display_name="")).fields["display_name"] == ""

    def test_set_is_replaced_whole(self, target: Unfenced, ann: Live) -> None:
        """
        What a set no longer names is removed, what it names anew is added, each once.
        """
        after = landed(target, update(ann, roles=("Operator", "Editor", "Operator")))

        assert after.fields == {**ann.fields, "roles": ("Editor", "Operator")}

    def test_deactivated_account_comes_back_as_itself(self, target: Unfenced, ann: Live) -> None:
        """
        Inactive and active again is the same account with the same values.
        """
        away = landed(target, update(ann, active=False))
        back = landed(target, update(away, active=True))

        assert (away.active, back.active) == (False, True)
        assert (back.id, back.fields, back.groups) == (ann.id, ann.fields, ann.groups)

    def test_renamed_account_stays_itself(self, target: Unfenced, ann: Live) -> None:
        """
        A new user name changes neither id nor key.
        """
        after = landed(target, update(ann, user_name="anna"))

        assert (after.name, after.fields["user_name"]) == ("anna", "anna")
        assert (after.id, after.external_id) == (ann.id, ann.external_id)

    def test_group_moves_retires_and_returns(self, target: Unfenced) -> None:
        """
        Parent, deleted flag and active state of a group can be written each way.
        """
        made = landed(target, creation("Traders", kind="group", parent="Top"))
        gone = landed(target, update(made, parent="Standalone", deleted=True, active=False))
        back = landed(target, update(gone, parent="Top", deleted=False, active=True))

        assert (gone.fields["parent"], gone.fields["deleted"], gone.active) == ("Standalone", True, False)
        assert (back.fields, back.active, back.id) == (made.fields, True, made.id)

    def test_membership_is_joined_and_left(self, target: Unfenced, ann: Live) -> None:
        """
        One write can join and leave, and what is so already does not matter.
        """
        auditors, traders = group(target, "Auditors").id, group(target, "Traders").id
        moved = landed(target, update(ann, join=(traders,), leave=(auditors,)))
        again = landed(target, update(moved, join=(traders,), leave=(auditors,)))

        assert (moved.groups, again.groups) == ((traders,), (traders,))

    def test_each_write_makes_a_version(self, target: Unfenced, ann: Live) -> None:
        """
        A write that moves nobody is a write all the same.
        """
        again = landed(target, update(ann, join=ann.groups))

        assert again.version != ann.version

    def test_members_do_not_move_their_groups_version(self, target: Unfenced, ann: Live) -> None:
        """
        Two people who join one group do not stand in each other's way.
        """
        before = group(target, "Traders")
        landed(target, update(ann, join=(before.id,)))

        assert group(target, "Traders") == before
