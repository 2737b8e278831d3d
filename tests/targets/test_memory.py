"""
The target in memory passes the contract, folds what it is told to fold, and breaks where it is told to break.
"""

import pytest

from reconciler.core.model import Equality
from reconciler.errors import TargetError
from reconciler.ports import Write
from reconciler.testing.targets import TargetContract
from reconciler.testing.writes import creation, landed, update, written
from tests.targets.memory import Effect, MemoryTarget, Moment


class TestMemoryTarget(TargetContract):
    """
    The contract, on the target in memory, which is its own administrator.
    """

    @pytest.fixture
    def target(self) -> MemoryTarget:
        """
        Return an empty target.
        """
        return MemoryTarget()

    @pytest.fixture
    def admin(self, target: MemoryTarget) -> MemoryTarget:
        """
        Return the same target, for its administrator's verbs.
        """
        return target


def test_folding_target_keeps_values_folded() -> None:
    """
    A target that ignores case and trims keeps what it compares.
    """
    folds = Equality(caseless=frozenset({"email", "roles", "user_name"}), trimmed=frozenset({"email"}))
    target = MemoryTarget(equality=folds)
    live = landed(target, creation("ANN", email=" Ann@Example.com ", roles=("Viewer",), last_name=" M "))

    assert (live.name, live.fields["email"], live.fields["roles"]) == ("ann", "ann@example.com", ("viewer",))
    assert live.fields["last_name"] == " M "
    assert written(target, creation("ANN", email="ANN@example.com")).outcome == "landed"


@pytest.mark.parametrize(("moment", "names"), [("before", ["ann"]), ("after", ["ann", "bob"])])
def test_crash_happens_before_or_after_the_effect(moment: Moment, names: list[str]) -> None:
    """
    What a hook raises leaves the target as it was before or after that one write.
    """
    target = MemoryTarget()

    def crash(now: Moment, _effect: Effect, write: Write | None) -> None:
        if now == moment and write and write.name == "bob":
            raise KeyboardInterrupt

    target.on_effect = crash

    with pytest.raises(KeyboardInterrupt):
        target.write([creation("ann"), creation("bob"), creation("eve")], run="run-1")

    assert [live.name for live in target.read().users] == names
    assert [write.name for write in target.written] == names


def test_target_refuses_whom_it_is_told_to() -> None:
    """
    A name in `refuses` fails with the message given there.
    """
    target = MemoryTarget()
    target.refuses["bob"] = "no Bobs"
    ann, bob = target.write([creation("ann"), creation("bob")], run="run-1")

    assert (ann.outcome, bob.outcome, bob.message) == ("landed", "failed", "no Bobs")


def test_admin_can_come_between_read_and_write() -> None:
    """
    An edit made from the hook happens before the write, which is then left.
    """
    target = MemoryTarget()
    ann = landed(target, creation("ann"))

    def edit(moment: Moment, _effect: Effect, _write: Write | None) -> None:
        if moment == "before":
            target.admin_sets("ann", locale="de_DE")

    target.on_effect = edit

    assert written(target, update(ann, locale="fr_FR")).outcome == "left"
    assert target.user("ann").fields["locale"] == "de_DE"


def test_problem_makes_the_reading_incomplete() -> None:
    """
    A reading that is not whole says so and why; a target that is down says nothing else.
    """
    target = MemoryTarget()
    target.problem = "page 3 is missing"
    snapshot = target.read()
    target.down = "no route to host"

    assert (snapshot.complete, snapshot.problem) == (False, "page 3 is missing")
    with pytest.raises(TargetError, match="no route"):
        target.read()
