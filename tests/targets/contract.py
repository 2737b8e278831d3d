"""
What every target must do, whatever it is: inherit from `TargetContract` and say what `target` and `admin` are.

`admin` changes the same system as its administrator does, past the target. What a system has no place for, the
subclass declares: `fields` and `group_fields` are all that it keeps, and `cannot` says of a test why it fails. Such
a test runs all the same, and one that then passes is an error: no system is made out to be worse than it is.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

import pytest
from msgspec.structs import replace

from reconciler.core.ledger import Fence
from reconciler.core.model import Fields, Kind, Live, Profile, Value
from reconciler.errors import TargetError
from reconciler.ports import Result, Target, Unfenced, Write

HOSTILE = {
    "quotes": """O'Neil "x" `y` -- '; DROP TABLE users; --""",
    "scripts": "Зоя 山田 أحمد नेहा 🧑‍🚒",
    "not normalised": "e\u0301 \u1d2e\u1d35\u1d33",
    "bidi and invisible": "a\u202eb\u200bc\ufeff",
    "separators": "a,b;c|d\te\nf\r\ng\u2028h\x1fi",
    "json": '["a", {"b": "\\u0000"}]',
    "like and glob": "%_*?[a-z]\\",
    "parameters": "?1 :name @x $y %s {0}",
    "spaces": "  two around  ",
    "long": "x" * 100_000,
    "number": "007",
}


class Admin(Protocol):
    """
    What the administrator of a target can do, past us.
    """

    def admin_creates(self, user_name: str, /, **fields: Value) -> None:
        """
        Make an account by hand.
        """
        ...

    def admin_sets(self, user_name: str, /, **fields: Value) -> None:
        """
        Change fields of an account; `active` among them.
        """
        ...

    def admin_joins(self, user_name: str, group_name: str) -> None:
        """
        Put somebody into a group.
        """
        ...

    def admin_leaves(self, user_name: str, group_name: str) -> None:
        """
        Take somebody out of a group.
        """
        ...

    def admin_deletes(self, user_name: str) -> None:
        """
        Delete an account.
        """
        ...

    def admin_creates_group(self, name: str, /, **fields: Value) -> None:
        """
        Make a group by hand.
        """
        ...

    def admin_sets_group(self, name: str, /, **fields: Value) -> None:
        """
        Change fields of a group; `active` among them.
        """
        ...

    def admin_adds_profile(self, name: str, *, groups: tuple[str, ...] = (), enabled: bool = True) -> None:
        """
        Add a profile to the catalogue.
        """
        ...


def creation(
    name: str, asked: Fields | None = None, /, *, kind: Kind = "user", join: tuple[str, ...] = (), **fields: Value
) -> Write:
    """
    Return a create whose change and key are told from its name.
    """
    change, key = f"create {name}", f"key of {name}"
    return Write(
        change=change,
        action="create",
        kind=kind,
        id=None,
        key=key,
        name=name,
        fields={**(asked or {}), **fields},
        join=join,
    )


def update(
    live: Live,
    asked: Fields | None = None,
    /,
    *,
    join: tuple[str, ...] = (),
    leave: tuple[str, ...] = (),
    **fields: Value,
) -> Write:
    """
    Return an update of `live` as it was seen.
    """
    return Write(
        change=f"update {live.name}",
        action="update",
        kind=live.kind,
        id=live.id,
        key=live.external_id or "",
        name=live.name,
        fields={**(asked or {}), **fields},
        join=join,
        leave=leave,
        expects=live.version,
    )


def deletion(live: Live) -> Write:
    """
    Return a delete of `live` as it was seen.
    """
    return replace(update(live), change=f"delete {live.name}", action="delete")


def written(target: Unfenced, write: Write, *, run: str = "run-1") -> Result:
    """
    Return what became of one write.
    """
    [result] = target.write([write], run=run)
    return result


def landed(target: Unfenced, write: Write, *, run: str = "run-1") -> Live:
    """
    Return what was read back of a write that must land.
    """
    result = written(target, write, run=run)
    assert result.outcome == "landed", result
    assert result.live is not None
    return result.live


def user(target: Unfenced, name: str) -> Live:
    """
    Return the user of that name, freshly read.
    """
    return next(live for live in target.read().users if live.name == name)


def group(target: Unfenced, name: str) -> Live:
    """
    Return the group of that name, freshly read.
    """
    return next(live for live in target.read().groups if live.name == name)


ADMIN_EDITS: dict[str, Callable[[Admin], None]] = {
    "name": lambda admin: admin.admin_sets("ann", last_name="Miller"),
    "cleared": lambda admin: admin.admin_sets("ann", email=None),
    "profiles": lambda admin: admin.admin_sets("ann", profiles=()),
    "roles": lambda admin: admin.admin_sets("ann", roles=("Editor", "Viewer")),
    "disabled": lambda admin: admin.admin_sets("ann", active=False),
    "renamed": lambda admin: admin.admin_sets("ann", user_name="anna"),
    "same value": lambda admin: admin.admin_sets("ann", email="ann@example.com"),
    "joined": lambda admin: admin.admin_joins("ann", "Traders"),
    "left": lambda admin: admin.admin_leaves("ann", "Auditors"),
}


class TargetContract:
    """
    The tests; a subclass gives the fixtures `target` (empty, with profile `Default`) and `admin`.

    `fields` and `group_fields` are what is kept of somebody of whom nothing was said. `tells_writer` says whether
    the system knows who wrote last. `cannot` gives the reason why a test (by its name, with or without parameter)
    must fail.
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

    @pytest.mark.parametrize("edit", ADMIN_EDITS.values(), ids=ADMIN_EDITS.keys())
    def test_admin_edit_moves_the_version(
        self, target: Unfenced, admin: Admin, ann: Live, edit: Callable[[Admin], None]
    ) -> None:
        """
        Whatever an administrator changes of a user gives it a new version and the admin as last writer.
        """
        edit(admin)
        after = next(live for live in target.read().users if live.id == ann.id)

        assert after.version != ann.version
        assert after.changed_by == self.writer("admin")

    def test_admin_edit_of_a_group_moves_its_version(self, target: Unfenced, admin: Admin) -> None:
        """
        Groups have a version and a last writer, too.
        """
        before = landed(target, creation("Traders", kind="group"))
        admin.admin_sets_group("Traders", name="Dealers")
        after = group(target, "Dealers")

        assert (after.id, after.changed_by) == (before.id, self.writer("admin"))
        assert after.version != before.version

    def test_our_write_after_the_admins_is_ours_again(self, target: Unfenced, admin: Admin, ann: Live) -> None:
        """
        The last writer is the last one.
        """
        admin.admin_sets("ann", first_name="Anna")
        after = landed(target, update(user(target, "ann"), last_name="Miller"), run="run-9")

        assert (after.changed_by, after.fields["first_name"]) == (self.writer("run-9"), "Anna")
        assert after.id == ann.id

    def test_account_made_by_hand_is_read(self, target: Unfenced, admin: Admin) -> None:
        """
        An account that an administrator made has no key of ours and the admin as last writer.
        """
        admin.admin_creates_group("Locals")
        admin.admin_creates("local", email="local@example.com")
        admin.admin_joins("local", "Locals")
        local = user(target, "local")

        assert (local.external_id, local.changed_by) == (None, self.writer("admin"))
        assert local.fields["email"] == "local@example.com"
        assert local.groups == (group(target, "Locals").id,)

    def test_catalogue_tells_associations(self, target: Unfenced, admin: Admin) -> None:
        """
        Profiles come with their state and the groups that an administrator associated with them.
        """
        admin.admin_adds_profile("Risk", groups=("Traders", "Auditors"), enabled=False)
        risk = target.read().catalogue.profiles["Risk"]

        assert risk == Profile(name="Risk", enabled=False, groups=("Auditors", "Traders"))

    @pytest.mark.parametrize("make", [update, deletion], ids=["update", "delete"])
    def test_write_that_comes_too_late_is_left(
        self, target: Unfenced, admin: Admin, ann: Live, make: Callable[[Live], Write]
    ) -> None:
        """
        Where somebody wrote since the plan was made, nothing is written and the message names who it was.
        """
        admin.admin_sets("ann", last_name="Miller")
        now = user(target, "ann")
        result = written(target, make(ann))

        assert (result.outcome, result.live) == ("left", None)
        assert ("admin" if self.tells_writer else "changed") in result.message
        assert user(target, "ann") == now

    def test_late_write_changes_no_set_and_no_membership(self, target: Unfenced, admin: Admin, ann: Live) -> None:
        """
        The compare-and-set covers what lies in side tables.
        """
        admin.admin_sets("ann", first_name="Anna")
        now = user(target, "ann")
        asked = self.some(roles=("Administrator",), last_name="X")
        result = written(target, update(ann, asked, leave=ann.groups))

        assert result.outcome == "left"
        assert user(target, "ann") == now

    def test_second_write_of_one_batch_sees_the_first(self, target: Unfenced, ann: Live) -> None:
        """
        Two writes of one user that saw the same version cannot both be right.
        """
        first, second = target.write([update(ann, last_name="A"), update(ann, last_name="B")], run="run-2")

        assert (first.outcome, second.outcome) == ("landed", "left")
        assert user(target, "ann").fields["last_name"] == "A"

    def test_update_of_somebody_gone_is_left(self, target: Unfenced, admin: Admin, ann: Live) -> None:
        """
        A user that is no longer there is not made again by an update.
        """
        admin.admin_deletes("ann")
        result = written(target, update(ann, last_name="Miller"))

        assert result.outcome == "left"
        assert target.read().users == ()

    def test_delete_removes_the_user(self, target: Unfenced, ann: Live) -> None:
        """
        A delete lands without anything to read back, and the group stays.
        """
        result = written(target, deletion(ann))

        assert (result.outcome, result.live) == ("landed", None)
        assert target.read().users == ()
        assert len(target.read().groups) == 2

    def test_delete_of_somebody_gone_has_landed(self, target: Unfenced, ann: Live) -> None:
        """
        A delete whose answer was lost is made again without harm.
        """
        written(target, deletion(ann))

        assert written(target, deletion(ann)).outcome == "landed"

    def test_deleted_group_takes_its_memberships_along(self, target: Unfenced, ann: Live) -> None:
        """
        Who was in a group that is deleted is not in it any more, and has a new version.
        """
        written(target, deletion(group(target, "Auditors")))
        after = user(target, "ann")

        assert after.groups == ()
        assert after.version != ann.version

    def test_create_whose_answer_was_lost_is_found(self, target: Unfenced) -> None:
        """
        The same create once more answers with the account that the first one made.
        """
        auditors = landed(target, creation("Auditors", kind="group"))
        write = creation("ann", self.some(last_name="Miller", roles=("Viewer",)), join=(auditors.id,))
        first = landed(target, write, run="run-1")
        second = landed(target, write, run="run-2")

        assert second == first
        assert target.read().users == (first,)

    @pytest.mark.parametrize(
        "fields", [{"last_name": "X"}, {"active": False}, {"roles": ("Viewer",)}], ids=["field", "state", "set"]
    )
    def test_earlier_create_with_other_values_is_left(self, target: Unfenced, fields: Fields) -> None:
        """
        An account that an earlier create made with other values is planned anew, not taken for written.
        """
        first = landed(target, creation("ann", last_name="Miller"))
        result = written(target, replace(creation("ann"), fields=fields))

        assert result.outcome == "left"
        assert target.read().users == (first,)

    def test_taken_name_is_refused_by_name(self, target: Unfenced, admin: Admin) -> None:
        """
        A create whose name a stranger has fails and says whose the name is.
        """
        admin.admin_creates("ann")
        result = written(target, creation("ann"))

        assert (result.outcome, result.live) == ("failed", None)
        assert "'ann'" in result.message
        assert len(target.read().users) == 1

    def test_rename_to_a_taken_name_is_refused(self, target: Unfenced, admin: Admin, ann: Live) -> None:
        """
        An update that would take somebody's name fails whole.
        """
        admin.admin_creates("bob")
        result = written(target, update(ann, user_name="bob", last_name="X"))

        assert result.outcome == "failed"
        assert "'bob'" in result.message
        assert user(target, "ann") == ann

    def test_successor_bears_the_key_of_the_one_it_replaces(self, target: Unfenced, ann: Live) -> None:
        """
        Where a person's name changes and the target cannot rename, a second account bears the person's key.
        """
        result = written(target, replace(creation("zoe"), key="key of ann"))

        assert (result.outcome, result.live and result.live.external_id) == ("landed", ann.external_id)

    def test_one_refused_of_many_stops_nobody(self, target: Unfenced, admin: Admin) -> None:
        """
        Each write of a batch has its own outcome, in the order of the writes.
        """
        admin.admin_creates("user07")
        results = target.write([creation(f"user{number:02}") for number in range(20)], run="run-1")

        assert [result.outcome for result in results] == ["landed"] * 7 + ["failed"] + ["landed"] * 12
        assert [result.change for result in results] == [f"create user{number:02}" for number in range(20)]
        assert [result.live.name for result in results if result.live] == [
            f"user{number:02}" for number in range(20) if number != 7
        ]

    def test_mixed_batch_is_made_in_order(self, target: Unfenced, ann: Live) -> None:
        """
        Creates, updates and deletes of both kinds in one batch each do what they say.
        """
        traders = group(target, "Traders")
        results = target.write(
            [creation("bob", join=(traders.id,)), update(ann, last_name="X"), deletion(traders), creation("eve")],
            run="run-2",
        )
        users = {live.name: live for live in target.read().users}

        assert [result.outcome for result in results] == ["landed"] * 4
        assert (users["bob"].groups, users["ann"].fields["last_name"], "eve" in users) == ((), "X", True)

    @pytest.mark.parametrize(
        ("fields", "word"),
        [
            pytest.param({"profiles": ("Default", "Nope")}, "Nope", id="unknown profile"),
            pytest.param({"shoe_size": "44"}, "shoe_size", id="unknown field"),
            pytest.param({"groups": ("1",)}, "groups", id="groups are joined"),
            pytest.param({"locked": "yes"}, "locked", id="text for a flag"),
            pytest.param({"locked": 1}, "locked", id="number for a flag"),
            pytest.param({"locked": None}, "locked", id="empty flag"),
            pytest.param({"active": None}, "active", id="empty state"),
            pytest.param({"password_expires_in_days": True}, "password_expires_in_days", id="flag for a number"),
            pytest.param({"password_expires_in_days": 2**63}, "password_expires_in_days", id="beyond 64 bits"),
            pytest.param({"email": 7}, "email", id="number for text"),
            pytest.param({"email": ("a", "b")}, "email", id="list for text"),
            pytest.param({"roles": "Viewer"}, "roles", id="text for a set"),
            pytest.param({"user_name": ""}, "user_name", id="empty name"),
            pytest.param({"user_name": None}, "user_name", id="no name"),
            pytest.param({"first_name": "a\0b"}, "first_name", id="NUL"),
            pytest.param({"first_name": "a\ud800b"}, "first_name", id="lone surrogate"),
            pytest.param({"roles": ("a\0b",)}, "roles", id="NUL in a set"),
        ],
    )
    def test_value_that_does_not_fit_is_refused(
        self, target: Unfenced, ann: Live, fields: Fields, word: str
    ) -> None:
        """
        What the target cannot keep as it is fails with a message that names it, and nothing of the write is made.
        """
        change = replace(update(ann), fields={"last_name": "X", **fields})
        changed, made = target.write([change, replace(creation("zoe"), fields=fields)], run="run-2")

        assert (changed.outcome, made.outcome) == ("failed", "failed")
        assert word in changed.message
        assert word in made.message
        assert target.read().users == (ann,)

    @pytest.mark.parametrize("id_", ["404", "x", ""], ids=["number", "text", "empty"])
    def test_joining_a_group_that_is_not_there_is_refused(self, target: Unfenced, ann: Live, id_: str) -> None:
        """
        A membership needs its group.
        """
        result = written(target, update(ann, join=(id_,), last_name="X"))

        assert result.outcome == "failed"
        assert user(target, "ann") == ann

    def test_group_joins_no_group(self, target: Unfenced) -> None:
        """
        Only people are members.
        """
        made = landed(target, creation("Traders", kind="group"))

        assert written(target, update(made, join=(made.id,))).outcome == "failed"

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
    def test_hostile_text_is_kept_as_it_is(self, target: Unfenced, text: str) -> None:
        """
        Text that means something to a database, a terminal or a parser means nothing here.
        """
        of_group = self.some_of_group(description=text, roles=(text,))
        where = landed(target, creation(f"group {text}", of_group, kind="group"))
        asked = self.some(last_name=text, description=text, roles=tuple(sorted((text, "z"))))
        made = landed(target, creation(text, asked, join=(where.id,)))

        assert (made.name, made.fields) == (text, {**made.fields, "user_name": text, **asked})
        assert where.fields == {**where.fields, **of_group}
        assert (user(target, text), group(target, f"group {text}")) == (made, where)

    @pytest.mark.parametrize("run", ["", "admin"])
    def test_run_cannot_pass_for_an_admin(self, target: Unfenced, run: str) -> None:
        """
        A run that bears the administrator's name is refused before anything is written.
        """
        with pytest.raises(TargetError):
            target.write([creation("ann")], run=run)

        assert target.read().users == ()

    def test_no_writes_are_no_results(self, target: Unfenced) -> None:
        """
        An empty batch is nothing to do.
        """
        assert target.write([], run="run-1") == []

    def test_fence_is_moved_by_who_saw_it(self, target: Unfenced) -> None:
        """
        The fence moves only from what the mover saw, and the loser leaves it as it is.
        """
        assert isinstance(target, Target)
        assert target.fence() is None

        first = Fence(lineage="abc", serial=1, holder="1@host:7", until="2026-11-22T10:00:00Z")
        second = Fence(lineage="abc", serial=1)

        assert target.move_fence(None, first)
        assert target.fence() == first
        assert not target.move_fence(None, second)
        assert not target.move_fence(second, replace(second, serial=2))
        assert target.fence() == first
        assert target.move_fence(first, second)
        assert target.fence() == second
