"""
The contract of targets, second part: others write, too, and what comes too late is left.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reconciler.core.model import Fields, Live, Profile
from reconciler.ports import Unfenced, Write
from reconciler.testing.targets_kept import KeptContract
from reconciler.testing.writes import Admin, creation, deletion, group, landed, update, user, written

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


class EditedContract(KeptContract):
    """
    The tests of what happens beside an administrator, and when a write comes twice or too late.
    """

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

    def test_group_is_not_deleted_over_a_newcomers_head(self, target: Unfenced, admin: Admin, ann: Live) -> None:
        """
        Who was put into a group since it was read keeps it: the delete is left, and tells why.
        """
        admin.admin_creates("bob")
        auditors = group(target, "Auditors")
        admin.admin_joins("bob", "Auditors")
        result = written(target, deletion(auditors))

        assert (result.outcome, result.live) == ("left", None)
        assert "put into" in result.message
        assert user(target, "bob").groups == user(target, "ann").groups == ann.groups

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
