"""
Every failure we expect: a message, a hint, an exit code.

The message says what, where and the values; the hint says what to type next. Only the command line turns
these into exit codes (product.md: 130 interrupted, 70 a bug, 2 usage, 1 failed or partial, 3 held, 4 changes).
"""

from typing import ClassVar, Self


class ReconcilerError(Exception):
    """
    An expected failure, told to a person: what happened, and what to do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ReconcilerError):
    """
    The command was called in a way that cannot work.
    """

    exit_code = 2


class UnknownNameError(UsageError):
    """
    Somebody, or a group, was named that nobody knows; `names` are all such names of the call.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        told = ", ".join(repr(name) for name in names)
        super().__init__(f"nobody is known as {told}", hint="name a key, a user name, an e-mail address or a group")
        self.names = names


class HeldError(ReconcilerError):
    """
    Nothing was done: a decision of a person is needed first.
    """

    exit_code = 3


class InputError(ReconcilerError):
    """
    Files that say something wrong: every fault found, each with its place.
    """

    def __init__(self, faults: "tuple[Fault, ...]") -> None:
        ordered = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in ordered))
        self.faults = ordered


class SourceError(ReconcilerError):
    """
    A source could not be read, or what it gave cannot be what it should be.
    """


class TargetError(ReconcilerError):
    """
    The target could not be reached, or answered what it should not.
    """


class WireError(ReconcilerError):
    """
    No answer came over the wire, or one that cannot be used; `lost`: the server may have done what was asked.
    """

    def __init__(self, message: str, *, hint: str = "", lost: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.lost = lost


class GitHubError(ReconcilerError):
    """
    GitHub refused, or did not answer as it should.
    """


class StoreError(ReconcilerError):
    """
    Git refused: no repository, a lost race, a rejected push.
    """


class OvertakenError(StoreError):
    """
    Another run has pushed to the ledger first.
    """


class LedgerError(ReconcilerError):
    """
    The ledger cannot be trusted: broken, of a newer format, or not this target's.
    """


class Fault(tuple[str, int, str, str]):
    """
    One fault of one file: where (path, line), what, and what to do. Sorts by place.
    """

    __slots__ = ()

    def __new__(cls, path: str, line: int, message: str, hint: str = "") -> Self:
        """
        Return the fault; a line of 0 means the file as a whole.
        """
        return super().__new__(cls, (path, line, message, hint))

    @property
    def path(self) -> str:
        """
        The file, as the user would type it.
        """
        return self[0]

    @property
    def line(self) -> int:
        """
        The line, counted from 1; 0 where the whole file is meant.
        """
        return self[1]

    @property
    def message(self) -> str:
        """
        What is wrong, with the values.
        """
        return self[2]

    @property
    def hint(self) -> str:
        """
        What to do about it; may be empty.
        """
        return self[3]

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}" + (f"\n    hint: {self.hint}" if self.hint else "")
