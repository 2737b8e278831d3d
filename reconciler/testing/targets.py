"""
What every target must do, whatever it is: inherit from `TargetContract` and say what `target` and `admin` are.

`admin` changes the same system as its administrator does, past the target. What a system has no place for, the
subclass declares: `fields` and `group_fields` are all that it keeps, and `cannot` says of a test why it fails. Such
a test runs all the same, and one that then passes is an error: no system is made out to be worse than it is.
"""

import pytest
from msgspec.structs import replace

from reconciler.core.ledger import Fence
from reconciler.core.model import Fields, Live
from reconciler.errors import TargetError
from reconciler.ports import Target, Unfenced
from reconciler.testing.targets_edited import EditedContract
from reconciler.testing.writes import Admin, creation, deletion, group, landed, update, user, written

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


class TargetContract(EditedContract):
    """
    The tests; a subclass gives the fixtures `target` (empty, with profile `Default`) and `admin`.

    `fields` and `group_fields` are what is kept of somebody of whom nothing was said. `tells_writer` says whether
    the system knows who wrote last. `cannot` gives the reason why a test (by its name, with or without parameter)
    must fail.
    """

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
