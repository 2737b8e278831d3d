"""
The one door to the world: whatever changes anything outside this process happens inside an `effect`.

It is announced, as it begins and as it ends, by an audit event of Python's own (PEP 578). So there is nothing to
switch on, no setting, no variable, no hook of ours: only who runs code in this process already can listen. A test
listens, to kill the process there or to fill the disk; so may an operator who wants every write in a log.
That nothing passes beside the door is held by `tests/test_effects.py`, on the package's text and on real runs.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

EVENT = "reconciler.effect"
"""The event's name; its arguments are `begins` or `ends`, what is done, and to what, without values or secrets."""


@contextmanager
def effect(verb: str, what: object) -> Iterator[None]:
    """
    Announce that the block does `verb` to `what`; an error that a listener raises stops it before it begins.
    """
    sys.audit(EVENT, "begins", verb, str(what))
    try:
        yield
    finally:
        sys.audit(EVENT, "ends", verb, str(what))
