"""
The fence: one run writes at a time, and the ledger and the target belong together.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from reconciler.apply.fence import Patience, belong_together, keep, lineage_of, release, take
from reconciler.core.ledger import Fence, Head
from reconciler.errors import HeldError, LedgerError, TargetError
from reconciler.wiring.surroundings import stamp
from tests.targets.memory import MemoryTarget

HEAD = Head(version=1, lineage="L", target="registry", serial=4)
NOW, THEN, LONG_AGO = "2026-11-22T10:00:00Z", "2026-11-22T10:15:00Z", "2026-11-22T09:00:00Z"
RECORDED = Fence(lineage="L", serial=4)
RUNNING = Fence(lineage="L", serial=5, holder="2026-11-22T09:59:00Z@there:7", until=THEN)
MINE = Fence(lineage="L", serial=5, holder="2026-11-22T10:00:00Z@here:1", until=THEN)


def patience(
    *,
    seconds: float = 0,
    alive: bool = True,
    sleep: Callable[[float], None] = lambda _seconds: None,
    now: str = NOW,
) -> Patience:
    """
    Return a run's patience at ten o'clock; terms last a quarter of an hour.
    """
    return Patience(
        now=lambda: now, later=lambda _time: THEN, sleep=sleep, alive=lambda _holder: alive, seconds=seconds
    )


def at(fence: Fence | None) -> MemoryTarget:
    """
    Return a target whose fence stands like this.
    """
    target = MemoryTarget()
    if fence:
        target.move_fence(None, fence)
    return target


@pytest.mark.parametrize(
    ("seen", "alive"),
    [
        pytest.param(RECORDED, True, id="free"),
        pytest.param(replace(RUNNING, until=LONG_AGO), True, id="its term is over"),
        pytest.param(RUNNING, False, id="its holder is dead"),
        pytest.param(replace(RUNNING, until=""), True, id="ended before its record"),
        pytest.param(replace(RUNNING, serial=4, until=""), True, id="ended before its record, resumed since"),
    ],
)
def test_a_free_fence_is_taken(seen: Fence | None, *, alive: bool) -> None:
    """
    It then names this run, its serial and the end of its term.
    """
    target = at(seen)

    assert take(target, HEAD, MINE.holder, patience(alive=alive)) == MINE
    assert target.fence() == MINE


def test_a_new_ledger_takes_a_target_without_fence() -> None:
    """
    Where neither has seen a run yet, the first one takes what nobody holds.
    """
    first = replace(HEAD, serial=0)

    assert take(at(None), first, MINE.holder, patience()) == replace(MINE, serial=1)


def test_target_that_no_run_has_written_to_is_not_the_ledgers() -> None:
    """
    A lost database, or another one at a mistyped url, is refused before anything is planned or written.
    """
    with pytest.raises(LedgerError, match="never been written to") as planned:
        belong_together(at(None), HEAD)
    with pytest.raises(LedgerError, match="never been written to"):
        take(at(None), HEAD, MINE.holder, patience())

    assert "url" in planned.value.hint


def test_run_that_died_first_leaves_the_lineage() -> None:
    """
    A ledger that no run has written yet belongs to a target whose first run ended before its record.
    """
    target = at(replace(RUNNING, serial=1, lineage="early"))
    belong_together(target, replace(HEAD, serial=0, lineage=""))

    assert lineage_of(replace(HEAD, serial=0, lineage=""), target.fence()) == "early"


def test_a_run_waits_for_another() -> None:
    """
    A second run gets the fence when the first one gives it back in time.
    """
    target = at(replace(RUNNING, serial=4))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            release(target, replace(RUNNING, serial=4), recorded=True)

    assert take(target, HEAD, MINE.holder, patience(seconds=30, sleep=sleep)) == MINE
    assert slept == [0.5, 0.5, 0.5]


def test_a_fence_is_judged_once_its_run_has_ended() -> None:
    """
    A first run that is under way has given the target a lineage that no ledger bears yet: it is waited for.
    """
    first = replace(RUNNING, lineage="another")
    target = at(first)

    def end(_seconds: float) -> None:
        release(target, first, recorded=True)

    with pytest.raises(LedgerError, match="of ledger another"):
        take(target, HEAD, MINE.holder, patience(seconds=30, sleep=end))

    assert target.fence() == replace(first, holder="", until="")


def test_a_run_does_not_wait_for_ever() -> None:
    """
    After its patience it ends, and names who is in the way.
    """
    slept: list[float] = []
    with pytest.raises(HeldError, match="there:7, since 2026-11-22T09:59:00Z"):
        take(at(RUNNING), HEAD, MINE.holder, patience(seconds=2, sleep=slept.append))

    assert sum(slept) == 2


def test_whoever_waits_says_so_once() -> None:
    """
    A person at a terminal reads at once who is in the way, since when, and how long the wait may last.
    """
    told: list[str] = []
    asked = replace(patience(seconds=2), waiting=told.append)
    with pytest.raises(HeldError) as error:
        take(at(RUNNING), HEAD, MINE.holder, asked)

    (line,) = told
    assert line.startswith("another run (there:7, since 2026-11-22T09:59:00Z) is writing to memory:")
    assert line.endswith("its term ends at 2026-11-22T10:15:00Z; waiting for it, 2 seconds at most")
    assert "--wait" in error.value.hint


def test_run_that_still_writes_is_never_called_another_worlds() -> None:
    """
    Two first runs at once: the loser is told of the other run, and not advised to accept the target as it is.
    """
    with pytest.raises(HeldError, match="is writing"):
        take(at(replace(RUNNING, lineage="another")), HEAD, MINE.holder, patience())


def test_the_loser_of_a_race_waits_too() -> None:
    """
    A fence that moved between look and grasp is looked at again.
    """
    target = at(RECORDED)
    others: Iterator[Fence] = iter([RUNNING])

    def interfere(moment: str, effect: str, _write: object) -> None:
        target.on_effect = lambda _moment, _effect, _write: None
        if (moment, effect) == ("before", "fence"):
            target.move_fence(RECORDED, next(others))

    target.on_effect = interfere
    with pytest.raises(HeldError, match="there:7, since 2026-11-22T09:59:00Z"):
        take(target, HEAD, MINE.holder, patience(seconds=1))

    assert target.fence() == RUNNING


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(Fence(lineage="X", serial=4), id="another ledger's"),
        pytest.param(replace(RUNNING, lineage="X", until=LONG_AGO), id="another ledger's run, dead"),
        pytest.param(Fence(lineage="L", serial=5), id="a run that is recorded elsewhere"),
        pytest.param(Fence(lineage="L", serial=3), id="a restored target"),
        pytest.param(Fence(lineage="L", serial=6, holder="2026-11-22T09:59:00Z@there:7"), id="a restored ledger"),
    ],
)
def test_what_does_not_belong_together_is_refused(seen: Fence) -> None:
    """
    The message names both sides, and nothing moves.
    """
    target = at(seen)
    with pytest.raises(LedgerError, match="at run 4 of L"):
        take(target, HEAD, MINE.holder, patience())

    assert target.fence() == seen


@pytest.mark.parametrize(
    ("now", "renewed"),
    [
        pytest.param("2026-11-22T10:00:00Z", False, id="fresh"),
        pytest.param("2026-11-22T10:04:00Z", False, id="a while"),
        pytest.param("2026-11-22T10:07:00Z", False, id="not half of it"),
        pytest.param("2026-11-22T10:08:00Z", True, id="half of it is over"),
        pytest.param("2026-11-22T11:00:00Z", True, id="over, and nobody took it"),
    ],
)
def test_a_term_is_renewed_in_time(now: str, *, renewed: bool) -> None:
    """
    A long run keeps the fence, and does not move it more often than it must.
    """
    target = at(MINE)
    until = f"2026-11-22T{now[11:13]}:{int(now[14:16]) + 15:02}:00Z"
    kept = keep(target, MINE, replace(patience(now=now), later=lambda _time: until))

    assert (kept.until, target.fence()) == ((until if renewed else THEN), kept)


@pytest.mark.parametrize(
    ("term", "halfway"),
    [(timedelta(seconds=40), timedelta(seconds=20)), (timedelta(hours=6), timedelta(hours=3))],
    ids=["short", "long"],
)
def test_a_term_of_any_length_is_renewed_half_way(term: timedelta, halfway: timedelta) -> None:
    """
    The policy chooses how long a term is; none ends under a run that still writes, none is renewed all the time.
    """
    begun = datetime.fromisoformat(NOW)

    def renewed_after(passed: timedelta) -> bool:
        mine = replace(MINE, until=stamp(begun + term))
        asked = patience(now=stamp(begun + passed))
        return keep(at(mine), mine, replace(asked, later=lambda _time: stamp(begun + passed + term))) != mine

    assert renewed_after(halfway)
    assert not renewed_after(halfway - timedelta(seconds=1))


def test_a_run_that_lost_the_fence_stops() -> None:
    """
    Before its next write it finds that another has taken over.
    """
    target = at(replace(RUNNING, serial=6))
    with pytest.raises(HeldError, match="stops before its next write"):
        keep(target, replace(MINE, until=LONG_AGO), patience())

    assert target.fence() == replace(RUNNING, serial=6)


@pytest.mark.parametrize(
    ("recorded", "holder"),
    [pytest.param(True, "", id="recorded"), pytest.param(False, MINE.holder, id="not recorded")],
)
def test_a_fence_is_given_back(holder: str, *, recorded: bool) -> None:
    """
    Anybody may take it then; the name that stays tells that the run is in no ledger.
    """
    target = at(MINE)

    assert release(target, MINE, recorded=recorded) is None
    assert target.fence() == replace(MINE, holder=holder, until="")
    assert take(target, replace(HEAD, serial=5 if recorded else 4), "run@here:2", patience()).holder == "run@here:2"


def test_a_fence_that_cannot_be_given_back_is_told() -> None:
    """
    A target that is lost at the very end costs the next run its term, and this one nothing.
    """
    target = at(MINE)
    target.down = "no answer"

    assert isinstance(release(target, MINE, recorded=True), TargetError)
