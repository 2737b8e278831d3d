"""
Two readers of one file, held against each other: a file that they take differently means nothing.

A parser's bug is somebody's way in: the reviewer sees one thing, the run does another. Of two parsers that share
no code, both would have to have it.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from msgspec.structs import replace

from reconciler.errors import Fault
from reconciler.files.cursor import UnreadableError
from reconciler.files.placed import Document, Pointer, Tree
from reconciler.files.scan import quoted
from reconciler.files.second import Second, reread

_HINT = "write it more plainly: one value a line, text in quotes"


def agreed(document: Document, text: str) -> Document:
    """
    Return the document of a text if a second reader takes it alike; else with the fault that says where not.

    The comparison is over every scalar: its path, its line, its text, and whether it stands in quotes. What has a
    fault already is refused anyway, and not read again.
    """
    if document.faults:
        return document
    try:
        second = reread(text)
    except UnreadableError as error:
        message = f"two readers of YAML do not agree: to the stricter one, this {error.message}"
        return replace(document, faults=(Fault(document.path, error.line, message, _HINT),))
    empty = not document.value and not second.value
    if empty or (document.lines == second.lines and _alike(document.value, second.value)):
        return document
    return replace(document, faults=(_difference(document, second),))


def _alike(one: Tree, other: Tree) -> bool:
    """
    Return whether two values are of the same types, all the way down, and equal.
    """
    if type(one) is not type(other) or len(one or ()) != len(other or ()):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(_alike, one.values(), other.values()))
    return all(map(_alike, one, other)) if isinstance(one, list) else bool(one == other)


def _difference(document: Document, second: Second) -> Fault:
    """
    Return the fault at the first scalar, or collection, that the two readers take differently.
    """
    ours, theirs = (_parts(one.value, one.lines, ()) for one in (document, second))
    found, other = next(pair for pair in zip_longest(ours, theirs, fillvalue=(0, "nothing")) if pair[0] != pair[1])
    message = f"two readers of YAML do not agree: to one it says {found[1]}, to the other {other[1]}"
    return Fault(document.path, found[0] or other[0], message, _HINT)


def _parts(value: Tree, lines: Mapping[Pointer, int], pointer: Pointer, line: int = 0) -> Iterator[tuple[int, str]]:
    """
    Yield the line and the words for a value and for everything in it.
    """
    line = lines.get(pointer, line)
    place = ".".join(map(str, pointer))
    if isinstance(value, dict | list):
        yield line, f"{place}: a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _parts(inner, lines, (*pointer, key), line)
    else:
        yield line, f"{quoted(place)}: {quoted(value)} ({type(value).__name__})"
