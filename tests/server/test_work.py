"""
The one writer: whose triggers are made in one run, which run gives way to which, and how each of them ends.
"""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from reconciler.core.scope import START, Scope, login, sync_users
from reconciler.errors import HeldError, UnknownNameError, UsageError
from reconciler.server_metrics import Metrics
from reconciler.server_work import KEPT, TURNS, WAITING, BusyError, Job, Writer
from reconciler.wiring.triggering import Result


class Workshop:
    """
    A writer whose runs are told here, and wait until they are let go.
    """

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.going, self.begun = Event(), Event()
        self.become: Callable[[Scope | None, Callable[[int], bool]], Result] = lambda _scope, _stopped: Result(
            run=len(self.runs), landed=1
        )
        self.writer = Writer(self.make, Metrics())

    def make(self, scope: Scope | None, stopped: Callable[[int], bool]) -> Result:
        """
        Make one run, once it is let go.
        """
        self.runs.append(scope.told if scope else "run")
        self.begun.set()
        assert self.going.wait(30)
        return self.become(scope, stopped)

    def asks(self, *scopes: Scope | None) -> list[Job]:
        """
        Ask for all of these while the first one's run goes on, let everything go, and return them when all ended.
        """
        first = self.writer.ask(scopes[0])
        assert self.begun.wait(30)
        jobs = [first, *map(self.writer.ask, scopes[1:])]
        self.going.set()
        for job in jobs:
            job.ended.result(30)
        return jobs


@pytest.fixture
def shop() -> Iterator[Workshop]:
    """
    Return a writer at work, which ends with the test.
    """
    made = Workshop()
    made.writer.start()
    yield made
    made.going.set()
    made.writer.stop()


def test_triggers_that_wait_together_are_one_run(shop: Workshop) -> None:
    """
    Whoever waits while a run goes on is in the next one, each once.
    """
    jobs = shop.asks(START, login(["ann"]), login(["bob"]), login(["ann"]), sync_users(["carl"]))

    assert shop.runs == ["start", "login: ann, bob", "sync-users: carl"]
    assert [job.result.run for job in jobs] == [1, 2, 2, 2, 3]


def test_one_about_few_goes_before_one_about_many(shop: Workshop) -> None:
    """
    Who asks for everybody waits for who asks for one, but not for the other way round.
    """
    shop.asks(login(["ann"]), None, START, login(["bob"]))

    assert shop.runs == ["login: ann", "login: bob", "run", "start"]


def test_one_about_many_has_its_turn(shop: Workshop) -> None:
    """
    However many logins come, after some of their runs a long one goes on.
    """

    def comes_again(scope: Scope | None, _stopped: object) -> Result:
        if scope and len(shop.runs) < 3 * TURNS:
            shop.writer.ask(login(["ann"]))
        return Result()

    shop.become = comes_again
    shop.asks(login(["ann"]), None)

    assert shop.runs.index("run") == TURNS


def test_run_about_many_gives_way_and_goes_on(shop: Workshop) -> None:
    """
    After a batch it ends for who waits, comes again, and its trigger counts all that its runs did.
    """
    told: list[bool] = []

    def in_batches(scope: Scope | None, stopped: Callable[[int], bool]) -> Result:
        if scope:
            return Result(landed=1)
        told.extend((stopped(0), stopped(500)))
        return Result(landed=500, ended=not stopped(500))

    shop.become = in_batches
    long, short = shop.asks(None, login(["ann"]))

    assert shop.runs == ["run", "login: ann", "run"]
    assert told == [False, True, False, False]
    assert (long.state, long.result.landed, short.result.landed) == ("done", 1000, 1)


def test_name_that_nobody_bears_fails_alone(shop: Workshop) -> None:
    """
    Who waits together with it gets a run all the same.
    """

    def knows(scope: Scope | None, _stopped: object) -> Result:
        unknown = tuple(name for name in (scope.named if scope else ()) if name.startswith("no"))
        if unknown:
            raise UnknownNameError(unknown)
        return Result(landed=1)

    shop.become = knows
    _, wrong, right = shop.asks(START, login(["nobody"]), login(["ann"]))

    assert (wrong.state, wrong.error and wrong.error.message) == ("failed", "nobody is known as 'nobody'")
    assert (right.state, shop.runs[-1]) == ("done", "login: ann")


def test_name_that_may_be_several_fails_alone(shop: Workshop) -> None:
    """
    It is not told which of those together is to blame, so each is tried by itself.
    """

    def refuses(scope: Scope | None, _stopped: object) -> Result:
        if scope and "double" in scope.named:
            raise UsageError("'double' may be any of two")
        return Result()

    shop.become = refuses
    _, wrong, right = shop.asks(START, login(["double"]), login(["ann"]))

    assert (wrong.state, right.state) == ("failed", "done")


def test_failure_is_told_to_all_who_were_in_the_run(shop: Workshop) -> None:
    """
    An export that is refused is refused for everybody, and the writer goes on.
    """

    def held(scope: Scope | None, _stopped: object) -> Result:
        if scope is START:
            return Result()
        raise HeldError("the export is from the future")

    shop.become = held
    _, one, other = shop.asks(START, login(["ann"]), login(["bob"]))

    assert {job.error and job.error.message for job in (one, other)} == {"the export is from the future"}
    assert shop.writer.ask(START).ended.result(30) is None


def test_stopping_lets_the_run_finish_and_tells_who_waits() -> None:
    """
    The run that goes on is asked to end, and is waited for; who had not begun is told so, and nobody is let in.
    """
    shop, seen = Workshop(), list[bool]()

    def asked(_scope: object, stopped: Callable[[int], bool]) -> Result:
        while not stopped(0):
            pass
        seen.append(True)
        return Result(landed=1, ended=False)

    shop.become = asked
    shop.writer.start()
    first = shop.writer.ask(None)
    assert shop.begun.wait(30)
    waiting = shop.writer.ask(login(["ann"]))
    shop.going.set()
    shop.writer.stop()

    assert (seen, first.state, first.result.landed, waiting.state) == ([True], "failed", 1, "failed")
    with pytest.raises(BusyError):
        shop.writer.ask(START)


def test_line_has_an_end(shop: Workshop) -> None:
    """
    Who comes when too many wait is sent away, instead of being forgotten.
    """
    shop.writer.ask(START)
    shop.begun.wait(30)
    for number in range(WAITING):
        shop.writer.ask(login([f"user{number}"]))

    with pytest.raises(BusyError):
        shop.writer.ask(START)


def test_long_ago_is_forgotten(shop: Workshop) -> None:
    """
    Of the triggers that have ended, the last ones can be asked about.
    """
    shop.going.set()
    first = shop.writer.ask(START)
    first.ended.result(30)
    for _ in range(KEPT + WAITING):
        last = shop.writer.ask(START)
        last.ended.result(30)

    assert (shop.writer.find(first.id), shop.writer.find(last.id)) == (None, last)
