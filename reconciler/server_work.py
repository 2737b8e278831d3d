"""
The service's one writer: triggers wait in line, those of one kind are made in one run, and long runs give way.

A run about many is stopped after the batch in hand when somebody waits, recorded as far as it got, and planned
again afterwards: what came in between is in its new plan, and nothing is done twice.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.scope import Scope, joined
from reconciler.errors import ReconcilerError, UnknownNameError, UsageError
from reconciler.server_metrics import Metrics
from reconciler.wiring.triggering import Result

Make: TypeAlias = Callable[[Scope | None, Callable[[int], bool]], Result]
"""Makes one run about a scope; the function that it is given says, told how many changes are done, when to stop."""

WAITING = 1000
"""Triggers that may wait at once."""

KEPT = 1000
"""Triggers that have ended and can still be asked about."""

TURNS = 5
"""Runs about few after which one about many has its turn, for a batch at least."""


class BusyError(ReconcilerError):
    """
    More triggers wait than the service will remember, or it is about to stop.
    """


class BugError(ReconcilerError):
    """
    Something that nobody expected.
    """


class Job(Struct, kw_only=True):
    """
    One trigger: what it is about, how far it is, what it came to. `scope` None: what the policy says.
    """

    id: str
    scope: Scope | None
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    result: Result = Result()
    error: ReconcilerError | None = None
    ended: Future[None] = field(default_factory=Future)

    @property
    def kind(self) -> str:
        """
        Return what kind of trigger it is.
        """
        return self.scope.name if self.scope else "run"


class Writer:
    """
    The one thread that makes runs.
    """

    def __init__(self, make: Make, metrics: Metrics) -> None:
        self._make = make
        self._metrics = metrics
        self._line: list[Job] = []
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._news = Condition()
        self._stopping = False
        self._few = 0
        self._thread = Thread(target=self._work, name="writer")

    def start(self) -> None:
        """
        Begin to make runs.
        """
        self._thread.start()

    def stop(self) -> None:
        """
        Let the write in hand finish, and what it came to be recorded; then make no more runs.
        """
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join()

    def ask(self, scope: Scope | None) -> Job:
        """
        Return the trigger, which waits for its run from now on. Raises BusyError where too many do.
        """
        job = Job(id=secrets.token_hex(8), scope=scope)
        with self._news:
            if self._stopping or len(self._line) >= WAITING:
                raise BusyError("too many triggers wait, or the service stops", hint="ask again in a few seconds")
            self._line.append(job)
            self._jobs[job.id] = job
            while len(self._jobs) > KEPT + WAITING:
                self._jobs.popitem(last=False)
            self._metrics.set("triggers_waiting", len(self._line))
            self._news.notify()
        return job

    @property
    def waiting(self) -> int:
        """
        Return how many triggers wait for their run.
        """
        return len(self._line)

    def find(self, name: str) -> Job | None:
        """
        Return the trigger of that id; None where there is none, or it was so long ago that it is forgotten.
        """
        return self._jobs.get(name)

    def _work(self) -> None:
        """
        Make runs until the service stops. Triggers that never got theirs are told so.
        """
        while jobs := self._next():
            self._made(jobs)
        with self._news:
            for job in self._line:
                self._end(job, error=BusyError("the service has stopped", hint="ask again once it is back"))
            self._line.clear()

    def _next(self) -> list[Job]:
        """
        Return the triggers that one run can make, once there are any; none when the service stops.

        What is about few goes first, but not for ever.
        """
        with self._news:
            while not self._line and not self._stopping:
                self._news.wait()
            if self._stopping:
                return []
            many = self._few >= TURNS
            first = next((job for job in self._line if is_long(job.scope) == many), self._line[0])
            self._few = 0 if is_long(first.scope) else self._few + 1
            chosen = [job for job in self._line if _alike(job, first)]
            self._line = [job for job in self._line if not _alike(job, first)]
            self._metrics.set("triggers_waiting", len(self._line))
            for job in chosen:
                job.state = "running"
        return chosen

    def _made(self, jobs: Sequence[Job]) -> None:
        """
        Make one run for all these triggers. Where a name is nobody's, the others are made without it.
        """
        scope = joined(one.scope for one in jobs if one.scope) if jobs[0].scope else None
        begun = time.monotonic()
        try:
            result = self._make(scope, lambda done: self._gives_way(scope, done))
        except ReconcilerError as error:
            self._failed(jobs, error)
        except Exception as error:  # noqa: BLE001  a bug ends its triggers, and not the service
            self._failed(jobs, BugError(f"a bug: {type(error).__name__}", hint="reconciler plan shows more"))
        else:
            self._count(jobs[0].kind, result, time.monotonic() - begun)
            self._went(jobs, result)

    def _failed(self, jobs: Sequence[Job], error: ReconcilerError) -> None:
        """
        End the triggers whose run failed; of several, those are made again that may not be to blame.
        """
        if isinstance(error, UnknownNameError):
            self._without(jobs, error)
        elif isinstance(error, UsageError) and len(jobs) > 1:
            for job in jobs:
                self._made([job])
        else:
            for job in jobs:
                self._end(job, error=error)

    def _without(self, jobs: Sequence[Job], error: UnknownNameError) -> None:
        """
        End the triggers that name nobody, and make the others.
        """
        wrong = [job for job in jobs if job.scope and set(job.scope.named) & set(error.names)]
        for job in wrong:
            named = job.scope.named if job.scope else ()
            self._end(job, error=UnknownNameError(tuple(name for name in named if name in error.names)))
        if rest := [job for job in jobs if job not in wrong]:
            self._made(rest)

    def _went(self, jobs: Sequence[Job], result: Result) -> None:
        """
        End the triggers with what their run came to; one that gave way waits for the rest of it, first in line.
        """
        for job in jobs:
            before = job.result
            job.result = replace(result, landed=before.landed + result.landed, failed=before.failed + result.failed)
        with self._news:
            if not result.ended and not self._stopping:
                self._line[:0] = jobs
                return
        for job in jobs:
            self._end(job)

    def _gives_way(self, scope: Scope | None, done: int) -> bool:
        """
        Return whether a run shall end after the batch in hand: the service stops, or somebody waits for a long one.
        """
        waits = any(not is_long(job.scope) for job in self._line)
        return self._stopping or (is_long(scope) and done > 0 and waits)

    def _end(self, job: Job, *, error: ReconcilerError | None = None) -> None:
        job.error = error
        job.state = "failed" if error or not job.result.ended else "done"
        self._metrics.add("triggers_total", kind=job.kind, outcome=job.state)
        job.ended.set_result(None)

    def _count(self, kind: str, result: Result, seconds: float) -> None:
        self._metrics.add("runs_total", about=kind)
        for name in ("landed", "failed", "held"):
            self._metrics.add("changes_total", getattr(result, name), outcome=name)
        self._metrics.set("last_run_seconds", round(seconds, 3))
        self._metrics.set("last_run_timestamp_seconds", int(time.time()))


def is_long(scope: Scope | None) -> bool:
    """
    Return whether a run may be about many: it gives way to one that is about few.
    """
    return scope is None or not scope.named


def _alike(one: Job, other: Job) -> bool:
    """
    Return whether one run can make both.
    """
    return one.kind == other.kind and is_long(one.scope) == is_long(other.scope)
