"""
The writes of a run: what may go together, what has to wait, what is tried at all.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.fence import Patience, take
from reconciler.apply.order import Order
from reconciler.apply.writing import BATCH, Writing, batches, leave_rest, write
from reconciler.core.ledger import Head
from reconciler.core.model import Change
from reconciler.ports import Write
from tests.targets.memory import MemoryTarget

PATIENCE = Patience(
    now=lambda: "2026-11-22T10:00:00Z",
    later=lambda _time: "2026-11-22T10:15:00Z",
    sleep=lambda _seconds: None,
    alive=lambda _holder: True,
)
ORDER = Order(who="ops", holder="h", lineage="L", patience=PATIENCE)
HEAD = Head(version=1, lineage="L", target="registry")


def change(name: str, key: str = "", **fields: Any) -> Change:
    """
    Return an update that is called by its id.
    """
    key = key or name
    return Change(**{"id": name, "action": "update", "kind": "user", "key": key, "name": key, **fields})


def creation(key: str, kind: str = "user", **fields: Any) -> Change:
    """
    Return the create of an entity.
    """
    named = {"user_name": key} if kind == "user" else {"name": key}
    return change(f"create {key}", key, action="create", kind=kind, after={**named, "active": True, **fields})


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return a target with Ann in no group, and one group.
    """
    target = MemoryTarget()
    target.admin_creates("ann")
    target.admin_creates_group("Staff")
    return target


@pytest.fixture
def writing(target: MemoryTarget) -> Writing:
    """
    Return a run that holds the fence and knows the group by its key.
    """
    return Writing(fence=take(target, HEAD, "h", PATIENCE), groups={"staff": target.group("Staff").id})


def made(target: MemoryTarget, writing: Writing, *changes: Change, order: Order = ORDER) -> list[tuple[str, str]]:
    """
    Make the changes and return what became of each.
    """
    write(changes, target, order=order, writing=writing, run="run-1")
    leave_rest(changes, writing)
    return [(one.change.id, one.outcome) for one in writing.outcomes]


def of_ann(name: str, target: MemoryTarget, **fields: Any) -> Change:
    """
    Return a change of Ann's account as it is now.
    """
    ann = target.user("ann")
    return change(name, "ann", link=ann.id, expects=ann.version, **fields)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([change("a"), change("b")], [["a", "b"]], id="two entities"),
        pytest.param([change("a", "k"), change("b", "k")], [["a"], ["b"]], id="one entity twice"),
        pytest.param([change("a"), change("b", needs=("a",))], [["a"], ["b"]], id="one needs the other"),
        pytest.param([change("a"), change("b"), change("c", needs=("a",))], [["a", "b"], ["c"]], id="a later one"),
        pytest.param([change("a", "k", kind="group"), change("b", "k")], [["a", "b"]], id="a user and a group"),
        pytest.param([change("a", "k", link="1"), change("b", "k", link="2")], [["a", "b"]], id="two accounts"),
    ],
)
def test_what_may_be_written_at_once(changes: list[Change], expected: list[list[str]]) -> None:
    """
    No two changes of one entity go together, and none with what it needs; their order stays.
    """
    assert [[one.id for one in batch] for batch in batches(changes)] == expected


def test_a_batch_has_a_size() -> None:
    """
    A thousand creates are two batches.
    """
    assert [len(batch) for batch in batches([change(str(n)) for n in range(BATCH * 2)])] == [BATCH, BATCH]


def test_memberships_that_a_target_folds_stand_together() -> None:
    """
    A target that folds memberships is given many more of them at once, and nothing else with them.
    """
    some = [creation(str(n)) for n in range(BATCH + 1)]
    moves = [change(f"move {n}", after={"groups": ("a",)}) for n in range(BATCH * 3)]
    batched = [[one.id for one in batch] for batch in batches([*some, *moves], together=BATCH * 2)]

    assert [len(batch) for batch in batched] == [BATCH, 1, BATCH * 2, BATCH]
    assert [len(batch) for batch in batches([*some, *moves])] == [BATCH] * 4 + [1]


def test_later_changes_of_an_entity_know_the_version_that_the_earlier_left(
    target: MemoryTarget, writing: Writing
) -> None:
    """
    A compare-and-set is on what the plan saw, or on what this run itself wrote.
    """
    first, second = of_ann("a", target, after={"locale": "x"}), of_ann("b", target, after={"locale": "y"})

    assert made(target, writing, first, second) == [("a", "landed"), ("b", "landed")]
    assert target.user("ann").fields["locale"] == "y"


def test_who_is_made_in_this_run_joins_what_is_made_in_this_run(target: MemoryTarget, writing: Writing) -> None:
    """
    Ids that the target gives are known to the changes that need them.
    """
    joins = change("joins", "eve", after={"groups": ("risk",)}, before={"groups": ()}, needs=("create eve",))
    changes = creation("risk", "group"), creation("eve"), joins
    outcomes = made(target, writing, *changes)

    assert [outcome for _, outcome in outcomes] == ["landed"] * 3
    assert target.user("eve").groups == (target.group("risk").id,)


def test_what_needs_something_that_did_not_land_is_left(target: MemoryTarget, writing: Writing) -> None:
    """
    A refused create leaves what rests on it, and stops nobody else.
    """
    target.refuses["eve"] = "no licence"
    joins = change("joins", "eve", after={"groups": ("staff",)}, needs=("create eve",))
    other = of_ann("a", target, after={"locale": "x"})

    assert made(target, writing, creation("eve"), joins, other) == [
        ("create eve", "failed"),
        ("joins", "left"),
        ("a", "landed"),
    ]


def test_a_group_that_is_not_there_cannot_be_joined(target: MemoryTarget, writing: Writing) -> None:
    """
    The reason names the group.
    """
    made(target, writing, of_ann("a", target, before={"groups": ()}, after={"groups": ("nowhere",)}))

    assert [(one.outcome, one.message) for one in writing.outcomes] == [
        ("left", "the group nowhere is not in the target")
    ]


def test_what_somebody_changed_since_the_plan_is_left(target: MemoryTarget, writing: Writing) -> None:
    """
    An edit between plan and write is not overwritten.
    """
    planned = of_ann("a", target, after={"locale": "x"})
    target.admin_sets("ann", locale="mine")

    assert made(target, writing, planned) == [("a", "left")]
    assert target.user("ann").fields["locale"] == "mine"


def test_a_target_that_is_lost_ends_the_run(target: MemoryTarget, writing: Writing) -> None:
    """
    Nobody can say what became of the batch in hand; what was to follow was not tried.
    """

    def lose(moment: str, effect: str, one: Write | None) -> None:
        if one and one.change == "b" and (moment, effect) == ("after", "write"):
            target.down = "no answer"
            target._answer()  # noqa: SLF001  the target's own way to fail

    target.on_effect = lose
    first = of_ann("a", target, after={"locale": "x"})
    second, third = replace(first, id="b"), replace(first, id="c")

    assert made(target, writing, first, second, third) == [("a", "landed"), ("b", "failed"), ("c", "left")]
    assert writing.trouble is not None


def test_a_run_that_is_told_to_stop_finishes_the_write_in_hand(target: MemoryTarget, writing: Writing) -> None:
    """
    It ends between two batches, and says of the rest that it did not come to it.
    """
    done: list[int] = []
    order = replace(ORDER, stopped=lambda: bool(done), progress=done.append)
    first = of_ann("a", target, after={"locale": "x"})

    assert made(target, writing, first, replace(first, id="b"), order=order) == [("a", "landed"), ("b", "left")]
    assert (done, writing.trouble) == ([1], None)


def test_a_run_that_lost_the_fence_writes_no_more(target: MemoryTarget, writing: Writing) -> None:
    """
    What another run holds is not written to.
    """
    seen = target.fence()
    target.move_fence(seen, replace(writing.fence, holder="other"))
    writing.fence = replace(writing.fence, until="2026-11-22T09:00:00Z")

    assert made(target, writing, of_ann("a", target, after={"locale": "x"})) == [("a", "failed")]
    assert target.written == []


def test_a_predecessor_and_its_successor_are_two_accounts(target: MemoryTarget, writing: Writing) -> None:
    """
    A change of the old account expects the old account's version, whatever happened to the new one.
    """
    retire = of_ann("retire", target, action="deactivate", after={"active": False}, needs=("create anna",))
    made_anew = replace(creation("anna"), key="ann")
    joins = change("joins", "ann", before={"groups": ()}, after={"groups": ("staff",)}, needs=("create anna",))

    assert [outcome for _, outcome in made(target, writing, made_anew, retire, joins)] == ["landed"] * 3
    assert (target.user("ann").active, target.user("anna").groups) == (False, (target.group("Staff").id,))


def test_a_delete_lands_without_anything_to_read_back(target: MemoryTarget, writing: Writing) -> None:
    """
    What is gone has no version.
    """
    assert made(target, writing, of_ann("a", target, action="delete")) == [("a", "landed")]
    assert target.read().users == ()
