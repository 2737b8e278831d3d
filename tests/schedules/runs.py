"""
One run of the real code, step by step: what it does, given what it was answered.

A run is a function of what it begins with and of what the target answers. So it is played from its beginning up to
the first request that nobody has answered yet; what else happens in the world meanwhile only shows in the answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct, UnsetType

from reconciler import engine
from reconciler.apply.book import Book, load
from reconciler.apply.fence import Patience
from reconciler.apply.order import Order
from reconciler.apply.recovery import recover
from reconciler.apply.run import apply
from reconciler.core.canonical import digest
from reconciler.core.decide import Decision
from reconciler.core.export import Counts, Export, Manifest, Placed, UserRow
from reconciler.core.ledger import Fence
from reconciler.core.model import Equality, Snapshot
from reconciler.core.policy import Policy, build
from reconciler.errors import ReconcilerError, TargetError
from reconciler.files.journal import journal_path
from reconciler.ports import Result, Write
from tests.schedules.disk import FIELD, KEY, TARGET, Disk, Files
from tests.schedules.registry import NAME
from tests.schedules.shelves import Shelf

BEGIN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
Desired: TypeAlias = str | UnsetType
Answer: TypeAlias = Snapshot | list[Result] | None
"""What the target answers to a reading or to writes; None: nothing, the line is dead."""
Request: TypeAlias = Literal["read"] | Write


def policy(authority: str = "shared", foreign: str = "ask") -> Policy:
    """
    Return the policy of a target in which one field matters.
    """
    fields = {"user_name": "source", FIELD: authority}
    return build({"users": {"foreign": foreign, "fields": fields}, "groups": {}}, {})


@dataclass(kw_only=True)
class Setting:
    """
    What a run begins with: what Git says, when (minutes since the first run), ledger and journal, the fence.

    `decisions` are those that were made already, by what the target was read to hold.
    """

    policy: Policy
    desired: Desired
    minutes: int
    disk: Disk
    fence: Fence | None
    decisions: dict[bytes, Decision] = field(default_factory=dict)


class Step(Struct, frozen=True, kw_only=True):
    """
    One effect of a run on its own side: the disk and the fence afterwards, and the disk that a crash would leave.
    """

    disk: Disk
    durable: Disk
    fence: Fence | None


class Course(Struct, frozen=True, kw_only=True):
    """
    A run up to the next request to the target: a reading, writes, or (None) its end. `failure`: how it ended.
    """

    steps: tuple[Step, ...]
    request: Request | None
    failure: str = ""


class Suspended(BaseException):
    """
    The run waits for an answer that nobody has given yet.
    """


class Line:
    """
    The target as a run sees it: answers from a script, until the script ends.
    """

    identity = "memory:"
    equality = Equality()

    def __init__(self, fence: Fence | None, answers: Sequence[Answer], note: Callable[[], None]) -> None:
        self.request: Request | None = None
        self._fence = fence
        self._answers = list(answers)
        self._note = note

    def read(self) -> Snapshot:
        """
        Return what the script has the target hold.
        """
        answer = self._answered("read")
        assert isinstance(answer, Snapshot)
        return answer

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Return what the script answers, if the line is not dead.
        """
        del run
        (only,) = writes
        answer = self._answered(only)
        if answer is None:
            raise TargetError("no answer")
        assert isinstance(answer, list)
        return answer

    def fence(self) -> Fence | None:
        """
        Return the fence.
        """
        return self._fence

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence, if it still is as seen.
        """
        if self.request is not None:
            raise Suspended
        self._note()
        if self._fence != seen:
            return False
        self._fence = new
        return True

    def close(self) -> None:
        """
        Do nothing: nothing is open.
        """

    def _answered(self, request: Request) -> Answer:
        self._note()
        if not self._answers:
            self.request = request
            raise Suspended
        return self._answers.pop(0)


class Player:
    """
    Plays runs of the real code, with a kind of store. `played` counts them.
    """

    def __init__(self, folder: Path, shelf: type[Shelf] = Shelf) -> None:
        self.played = 0
        self._folder = folder
        self._shelf = shelf
        self._journal = journal_path(folder, TARGET)
        self._journal.parent.mkdir(parents=True, exist_ok=True)

    def play(self, setting: Setting, answers: Sequence[Answer]) -> Course:
        """
        Return the run that begins with `setting` and is answered so.
        """
        self.played += 1
        self._put(setting.disk.journal)
        states: list[Step] = []

        def note() -> None:
            state = Step(disk=self._disk(shelf.files), durable=self._disk(shelf.durable), fence=line.fence())
            if state not in states[-1:]:
                states.append(state)

        shelf = self._shelf(setting.disk.files, note)
        line = Line(setting.fence, answers, note)
        note()
        failure = ""
        try:
            self._run(setting, line, shelf)
        except Suspended:
            pass
        except ReconcilerError as error:
            failure = f"{type(error).__name__}: {error.message}"
        note()
        return Course(steps=tuple(states[1:]), request=line.request, failure=failure)

    def _run(self, setting: Setting, line: Line, shelf: Shelf) -> None:
        """
        Do what `reconciler apply` does, from the journal of an earlier run to the record.
        """
        book = Book(target=TARGET, store=shelf, folder=self._folder)
        order = _order(setting.minutes)
        opened = recover(line, book, order) or load(book)
        snapshot = line.read()
        seen = msgspec.json.encode(snapshot)
        if seen not in setting.decisions:
            there = Line(line.fence(), [snapshot], lambda: None)
            setting.decisions[seen] = engine.plan(
                _asked(setting), there, book, opened=opened, now=_at(setting.minutes)
            )
        apply(setting.decisions[seen], line, book, opened=opened, order=order)

    def _disk(self, files: Files) -> Disk:
        return Disk(files, self._journal.read_bytes() if self._journal.exists() else None)

    def _put(self, journal: bytes | None) -> None:
        self._journal.unlink(missing_ok=True)
        if journal is not None:
            self._journal.write_bytes(journal)


def _order(minutes: int) -> Order:
    """
    Return who applies: a process that finds all earlier ones dead, and does not wait.
    """
    patience = Patience(
        now=lambda: _at(minutes),
        later=lambda _time: _at(minutes + 15),
        sleep=lambda _seconds: None,
        alive=lambda _holder: False,
        seconds=0,
    )
    return Order(who="tester", holder="test@here:1", lineage="L", patience=patience)


def _asked(setting: Setting) -> engine.Asked:
    """
    Return what Git says: Ann is there, and her field is as desired.
    """
    ann = UserRow(key=KEY, user_name=NAME, state="active", locale=setting.desired)
    manifest = Manifest(
        version=1,
        source="cloud",
        account="acc",
        fetched_at=_at(-60),
        complete=True,
        counts=Counts(users=1),
        digest=digest(str(setting.desired)),
    )
    return engine.Asked(
        target=TARGET,
        export=Export(manifest, (Placed(ann, "users.jsonl:1"),), ()),
        overrides=(),
        waivers=(),
        policy=setting.policy,
        account=None,
        max_age="36h",
        tool="test",
    )


def _at(minutes: int) -> str:
    """
    Return the time so many minutes after the first run, as the ledger writes it.
    """
    return (BEGIN + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
