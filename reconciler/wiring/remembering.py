"""
What a plan may take from the one before.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.core.memory import Memory
from reconciler.engine import memorable
from reconciler.files.memories import expect, memory_path, recall, remember
from reconciler.wiring.bench import Bench


@contextmanager
def remembering(found: Bench, *, wanted: bool) -> Iterator[Memory | None]:
    """
    Yield what earlier plans of a target proved, and keep what is proved once the block has ended well.

    None, and nothing is kept, where it is not `wanted`, or nothing can be. None, too, where no plan was made yet.
    To remember costs a twentieth of a plan: a runner that is thrown away after one would pay it for nobody.
    """
    if not wanted or not memorable(found.asked, found.opened.ledger):
        yield None
        return
    path = memory_path(found.book.folder, found.book.target)
    memory = recall(path)
    yield memory
    if memory is None:
        expect(path)
    else:
        remember(path, memory)
