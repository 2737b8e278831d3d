"""
Canonical rows: one JSON object a line, sorted by key (formats.md).

A row has exactly one way to be written. So reading checks by writing again, which finds whatever a parser lets
pass: a key that stands twice, another order, spaces, a default written out. Only what fails is explained.
"""

import gc
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from operator import attrgetter, lt
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from reconciler.core.canonical import REFUSALS
from reconciler.errors import Fault, InputError

ENCODER = msgspec.json.Encoder(order="sorted")

_PRINTED = 50
_MARKS = {
    b"<<<<<<<": "a merge conflict was left in",
    b"=======": "a merge conflict was left in",
    b">>>>>>>": "a merge conflict was left in",
    b"version https://git-lfs": "a Git LFS pointer stands where the rows should (git lfs pull)",
}


class Keyed(Protocol):
    """
    Anything that is known by a key.
    """

    @property
    def key(self) -> str:
        """
        Return the source's immutable id.
        """
        ...


Row = TypeVar("Row", bound=Keyed)
Line = TypeVar("Line")
Explain = Callable[[bytes], Sequence[str]]


class Form(Struct, Generic[Row], frozen=True, kw_only=True):
    """
    How rows of one kind are read: the typed decoder, the names of the fields that are sets, and their values.

    `normal` asks that text is NFC (Unicode Annex 15). `explain` may tell more about a line the decoder refuses.
    """

    decoder: msgspec.json.Decoder[Row]
    names: tuple[str, ...]
    sets: Callable[[Row], tuple[tuple[str, ...], ...]]
    normal: bool = False
    explain: Explain | None = None


@contextmanager
def collector_paused() -> Iterator[None]:
    """
    Return a context without garbage collection: it makes loading many rows 2 to 4 times slower and frees nothing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def encode(rows: Iterable[Row]) -> bytes:
    """
    Return the rows as canonical lines, sorted by the bytes of their keys.

    Text sorts by code point, which is the order of its UTF-8 bytes.
    """
    return ENCODER.encode_lines(sorted(rows, key=attrgetter("key")))


def decode(content: bytes, form: Form[Row], path: str) -> list[Row]:
    """
    Return the rows of a canonical file.

    Raises InputError with every fault of the file, each with its line.
    """
    try:
        rows = form.decoder.decode_lines(content)
    except REFUSALS:
        raise InputError(tuple(_faults(content, form, path))) from None
    if not _sound(rows, content, form):
        raise InputError(tuple(_faults(content, form, path)))
    return rows


def _sound(rows: Sequence[Row], content: bytes, form: Form[Row]) -> bool:
    """
    Return whether the decoded rows are the canonical reading of `content`.
    """
    keys = [row.key for row in rows]
    return (
        ENCODER.encode_lines(rows) == content
        and all(map(lt, keys, keys[1:]))
        and not (form.normal and _denormal(content))
        and _all_sorted(rows, form)
    )


def _all_sorted(rows: Sequence[Row], form: Form[Row]) -> bool:
    """
    Return whether every set of the rows is sorted, and holds no element twice.
    """
    for row in rows:
        for elements in form.sets(row):
            if len(elements) > 1 and not _sorted(elements):
                return False
    return True


def _sorted(elements: tuple[str, ...]) -> bool:
    """
    Return whether a set is sorted, and holds no element twice.
    """
    return all(map(lt, elements, elements[1:]))


def _denormal(content: bytes) -> bool:
    """
    Return whether decodable text is not in Unicode's normal form C.
    """
    if content.isascii():
        return False
    told = b"".join([line for line in BytesIO(content) if not line.isascii()])
    return not unicodedata.is_normalized("NFC", told.decode())


def lines_of(content: bytes) -> list[bytes]:
    """
    Return the lines of a file; a last line without a line break keeps none, and is one too.
    """
    lines = content.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def _faults(content: bytes, form: Form[Row], path: str) -> Iterator[Fault]:
    """
    Yield every fault of a file, each with its line.
    """
    seen: dict[str, int] = {}
    previous = ""
    for number, line in enumerate(lines_of(content), 1):
        reading = read_line(line, form.decoder, explain=form.explain)
        row, message = reading
        if row is not None:
            message = message or _place_fault(row.key, previous, seen) or _content_fault(row, line, form)
            seen.setdefault(row.key, number)
            previous = row.key
        if message:
            yield Fault(path, number, message)
    if not content.endswith(b"\n"):
        yield Fault(path, content.count(b"\n") + 1, "the last line has no line break")


def read_line(
    line: bytes, decoder: msgspec.json.Decoder[Line], *, explain: Explain | None = None
) -> tuple[Line | None, str]:
    """
    Return the row of one line, if it is one, and what is wrong with the line; empty where nothing is.
    """
    for mark, meaning in _MARKS.items():
        if line.startswith(mark):
            return None, meaning
    try:
        row = decoder.decode(line)
    except REFUSALS as error:
        told = explain(line) if explain else ()
        return None, shown("; ".join(told) or str(error), width=1_000)
    canonical = ENCODER.encode(row)
    return row, "" if canonical == line else _twice(line) or _difference(line, canonical)


def _place_fault(key: str, previous: str, seen: Mapping[str, int]) -> str:
    """
    Return what is wrong with the place of a row among the rows before it; empty where nothing is.
    """
    if key in seen:
        return f"key '{shown(key)}' stands on line {seen[key]} already"
    if key < previous:
        return (
            f"key '{shown(key)}' stands after '{shown(previous)}' (line {seen[previous]}): rows are sorted by key"
        )
    return ""


def _content_fault(row: Row, line: bytes, form: Form[Row]) -> str:
    """
    Return what is wrong with the text or the sets of a row; empty where nothing is.
    """
    sets = zip(form.names, form.sets(row), strict=False)
    unsorted = [name for name, elements in sets if not _sorted(elements)]
    if unsorted:
        return f"{', '.join(unsorted)}: a set is sorted, and holds nothing twice"
    return "text is not in Unicode's normal form C" if form.normal and _denormal(line) else ""


def _twice(line: bytes) -> str:
    """
    Return which JSON key stands twice in one object of a decodable line; empty where none does.
    """
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        found.extend(sorted({name for name in names if names.count(name) > 1}))

    try:
        json.loads(line, object_pairs_hook=note, parse_int=str)
    except (ValueError, RecursionError):
        # What no row has, msgspec passes over unread. It is no row's text, and the next check says so.
        return ""
    return f"JSON key '{shown(found[0])}' stands twice in one object" if found else ""


def _difference(line: bytes, canonical: bytes) -> str:
    """
    Return where a line first departs from its canonical form.
    """
    pairs = enumerate(zip(line, canonical, strict=False))
    column = next((at for at, (one, other) in pairs if one != other), min(len(line), len(canonical)))
    found, wanted = (text[column : column + 24].decode(errors="replace") for text in (line, canonical))
    return f"not canonical from column {column + 1}: '{shown(found)}' where '{shown(wanted)}' should stand"


def shown(text: str, *, width: int = 80) -> str:
    """
    Return `text` fit for a message: cut at `width`, and what cannot be printed as JSON writes it.
    """
    cut = text if len(text) <= width else text[:width] + "..."
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)


def refusal(faults: Iterable[Fault], *, folder: str, hint: str) -> InputError:
    """
    Return the error that tells the first 50 faults, how many there are in all, and once what to do.
    """
    ordered = sorted(faults)
    told = ordered[:_PRINTED]
    last = told.pop()
    told.append(Fault(last.path, last.line, last.message, last.hint or hint))
    if len(ordered) > _PRINTED:
        told.append(Fault(folder, 0, f"{len(ordered):,} faults, of which the first {_PRINTED} follow"))
    return InputError(tuple(told))
