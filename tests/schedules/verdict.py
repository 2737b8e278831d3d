"""
What has gone wrong in a schedule: an administrator's edit overwritten, a write of ours taken for an edit.

Every schedule has at most one edit. What is promised of it depends on what there is to tell it from our own writes.
"""

from enum import Enum
from typing import NamedTuple

from reconciler.core.model import Value
from tests.schedules.disk import Disk
from tests.schedules.runs import Desired
from tests.schedules.terms import Start


class Scope(Enum):
    """
    What an edit is to the rules of ownership; the promise is for the first two.
    """

    NONE = "no edit, or none yet"
    FOREIGN = "an edit to a value that is nobody else's"
    LIKE_OURS = "an edit to B, to an open intent, or to what one replaces"
    AGREES = "an edit to what Git wants next (row 12)"
    GITS = "an edit before the policy's first run (rows 18 and 20)"


PROMISED = frozenset({Scope.NONE, Scope.FOREIGN})


class Verdict(NamedTuple):
    """
    The edit (its value in a tuple), and what became of it. `stands`: nobody has written the field since.

    `mistaken` is what the edit was, if any, when the ledger called a value the administrator's who never set it.
    """

    edit: tuple[Value] | None = None
    scope: Scope = Scope.NONE
    stands: bool = False
    overwritten: bool = False
    mistaken: Scope | None = None

    @property
    def breaks_the_promise(self) -> bool:
        """
        Return whether something went wrong that must not.
        """
        return (self.overwritten and self.scope in PROMISED) or self.mistaken in PROMISED

    def edited(self, value: Value, *, like_ours: bool) -> "Verdict":
        """
        Return the verdict once an administrator has set the field.
        """
        return self._replace(edit=(value,), scope=Scope.LIKE_OURS if like_ours else Scope.FOREIGN, stands=True)

    def written(self, before: Value, after: Value) -> "Verdict":
        """
        Return the verdict once a write of ours has landed on the field.
        """
        return self._replace(overwritten=True, stands=False) if self.stands and before != after else self

    def read(self, desired: Desired, disk: Disk, start: Start) -> "Verdict":
        """
        Return the verdict once a run has read the target: what Git wants too, or is given by the policy, is Git's.
        """
        claim = disk.claim
        if self.edit is None or not self._is_open(disk):
            return self
        if self.edit[0] == desired:
            return self._replace(scope=Scope.AGREES)
        unclaimed = claim.owner is None and not claim.intents
        return self._replace(scope=Scope.GITS) if unclaimed and start.gits else self

    def noted(self, disk: Disk, start: Start) -> "Verdict":
        """
        Return the verdict once the ledger says something new.
        """
        if disk.claim.owner == "admin":
            mistaken = disk.claim.saw not in {*start.theirs, *(self.edit or ())}
            return self._replace(mistaken=self.scope) if mistaken and self.mistaken is None else self
        if self.edit is not None and self._is_open(disk) and self.edit[0] in disk.intended:
            return self._replace(scope=Scope.LIKE_OURS)
        return self

    def _is_open(self, disk: Disk) -> bool:
        """
        Return whether the edit stands, and could still turn out to be outside the promise.
        """
        return self.stands and self.scope is Scope.FOREIGN and disk.claim.owner != "admin"


NOTHING = Verdict()
