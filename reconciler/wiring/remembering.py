"""
What a plan may take from the one before.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.apply.book import Book
from reconciler.core.memory import Memory
from reconciler.files.memories import begin, memory_path, recall, remember


@contextmanager
def remembering(book: Book, *, wanted: bool) -> Iterator[Memory | None]:
    """
    Yield what earlier plans of a target proved, and keep what is proved once the block has ended well.

    None, and nothing is kept, where it is not `wanted`. None, too, where none was made before: to remember costs a
    twentieth of a plan, and a runner that is thrown away after one would pay it for nobody.
    """
    if not wanted:
        yield None
        return
    path = memory_path(book.folder, book.target)
    if not path.exists():
        yield None
        begin(path)
        return
    memory = recall(path)
    yield memory
    remember(path, memory)
