"""
What throw-away objects show of a target, through its own door; and that nothing is left of them.
"""

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from reconciler.core.model import Equality
from reconciler.errors import TargetError
from reconciler.ports import Result, Write
from reconciler.targets.probing import probe
from tests.targets.memory import Effect, MemoryTarget, Moment

FOLDING = Equality(
    caseless=frozenset({"user_name", "name"}), trimmed=frozenset({"user_name", "name", "display_name"})
)


def found(target: MemoryTarget) -> dict[str, tuple[str, str]]:
    """
    Return what was found, and what that means, by what was looked at.
    """
    return {one.what: (one.found, one.means) for one in probe(target, clock=lambda: 0.0)}


def test_target_that_keeps_everything_is_found_to() -> None:
    """
    Case counts, spaces are kept, a late write is refused, our run is known again, memberships are made.
    """
    assert found(MemoryTarget()) == {
        "a write": ("0 ms", "one at a time, read back"),
        "case of user names": ("counts", "as we compare"),
        "spaces around a text": ("kept", ""),
        "a late write": ("refused", "an edit made since it was read is left alone"),
        "last writer": ("told: we are 'probe'", ""),
        "names of groups": ("every letter counts", ""),
        "a membership": ("done", ""),
    }


def test_target_that_folds_is_found_to() -> None:
    """
    What a target takes for the same is told, of people and of groups.
    """
    folding = found(MemoryTarget(equality=FOLDING))

    assert folding["case of user names"] == ("ignored", "as we compare")
    assert folding["spaces around a text"][0] == "trimmed"
    assert folding["names of groups"][0] == "one group but for case and a space at the end"


def test_nothing_is_left_of_a_probe() -> None:
    """
    Every throw-away object is removed again, and whoever else is there stays as he is.
    """
    target = MemoryTarget()
    target.admin_creates("reconciler")
    before = target.read()
    probe(target)

    assert target.read() == before


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("error", [KeyboardInterrupt, TargetError("no route")], ids=["Ctrl-C", "failure"])
def test_nothing_is_left_where_a_probe_is_broken_off(
    moment: Moment, number: int, error: type[BaseException] | BaseException
) -> None:
    """
    Whenever it is broken off, also between a write and its answer, everything that was made is removed.
    """
    target = MemoryTarget()
    target.on_effect = breaking(moment, number, error)
    with pytest.raises((KeyboardInterrupt, TargetError)):
        probe(target)
    target.on_effect = lambda _moment, _effect, _write: None
    left = target.read()

    assert (left.users, left.groups) == ((), ())


def test_what_cannot_be_removed_is_told() -> None:
    """
    A target that keeps what it was given says so, in the findings or, where it was broken off, as the error.
    """
    target = Stubborn("delete")
    left = [(one.what.split()[:2], one.found, one.means) for one in probe(target) if one.what.startswith("remove")]
    target.on_effect = breaking("after", 1, KeyboardInterrupt)

    assert left == [(["remove", "user"], "no", "do it")] * 2 + [(["remove", "group"], "no", "do it")] * 3
    with pytest.raises(TargetError, match="cannot remove user reconciler-probe-"):
        probe(target)


def test_reading_that_shows_only_some_is_told() -> None:
    """
    What a reading does not show may stand there still: its name is told.
    """
    target = MemoryTarget()
    target.problem = "the list ended early"
    last = probe(target)[-1]

    assert (last.what.split("-")[0], last.found) == ("remove what is called reconciler", "the list ended early")


def test_object_is_known_by_its_key_where_its_name_is_cut() -> None:
    """
    A target that keeps eight letters of a name keeps nothing of a probe either.
    """
    target = Cutting()
    probe(target)
    left = target.read()

    assert (left.users, left.groups) == ((), ())


def test_nobody_else_is_written_to() -> None:
    """
    Where a target shows somebody else for who was made, the probe ends there.
    """
    target = Mistaken()
    target.admin_creates("ann")
    before = target.read().users
    with pytest.raises(TargetError, match="'ann'"):
        probe(target)

    assert target.read().users == before


def test_target_that_is_gone_when_it_is_cleared_is_told() -> None:
    """
    Where nobody answers any more, the name that everything begins with is told.
    """
    target = MemoryTarget()

    def goes_down(_moment: Moment, _effect: Effect, write: Write | None) -> None:
        target.down = "no route" if write and write.kind == "group" else ""

    target.on_effect = goes_down
    with pytest.raises(TargetError, match=r"cannot remove what is called reconciler-probe-\w+...: no route"):
        probe(target)


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        pytest.param("create", [("create a user", "refused: no")], id="everybody"),
        pytest.param("inactive", [("a user who is inactive", "refused: no"), ("a write", "0 ms")], id="inactive"),
    ],
)
def test_what_a_target_refuses_is_told(refused: str, told: list[tuple[str, str]]) -> None:
    """
    Who cannot be made, or not as one who is put away, is told first; then the rest is tried, if anything can be.
    """
    tried = [(one.what, one.found) for one in probe(Stubborn(refused), clock=lambda: 0.0)]

    assert tried[:2] == told
    assert len(tried) == (1 if refused == "create" else 8)


class Stubborn(MemoryTarget):
    """
    A target that refuses one thing: to create, to make somebody who is inactive, or to delete.
    """

    def __init__(self, refused: str) -> None:
        super().__init__()
        self.refused = refused

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make what is not refused.
        """
        [one] = writes
        kinds = {one.action, "inactive" if one.fields.get("active") is False else ""}
        if self.refused in kinds:
            return [Result(change=one.change, outcome="failed", message="no")]
        return super().write(writes, run=run)


class Cutting(MemoryTarget):
    """
    A target that keeps only the first letters of names.
    """

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make everything, under shorter names.
        """
        return super().write([replace(one, name=one.name[:8]) for one in writes], run=run)


class Mistaken(MemoryTarget):
    """
    A target that answers a create with whoever came first.
    """

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make everything, and show the wrong one.
        """
        results = super().write(writes, run=run)
        first = super().read().users[0]
        return [replace(one, live=first) for one in results]


def breaking(
    moment: Moment, number: int, error: type[BaseException] | BaseException
) -> Callable[[Moment, Effect, Write | None], None]:
    """
    Return a hook that raises at the effect of that number.
    """
    left = [number]

    def hook(now: Moment, _effect: Effect, _write: Write | None) -> None:
        left[0] -= now == moment
        if left[0] == 0 and now == moment:
            raise error

    return hook
