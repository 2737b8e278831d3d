"""
YAML as plain values with their lines; the only module that knows the YAML library.

Of YAML only what a reader takes at its word is accepted: no tags, anchors, aliases or merge keys, no key twice,
one document. Scalars stay text as written, `NO` and `0123` too; what is written without quotes is marked as
`Plain`, and only the schema may make a truth value, a number or nothing of it.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any, TypeAlias

import yaml

from reconciler.errors import Fault
from reconciler.files.agreement import agreed
from reconciler.files.placed import Document, Plain, Pointer, Tree
from reconciler.files.salvage import BUDGET, without_entry
from reconciler.files.scan import Scanned, is_hidden, named, quoted

_Event: TypeAlias = Any

DEPTH = 32
"""How deep lists and mappings may stand in each other."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def parse(scanned: Scanned, *, loader: type[Any] = _LOADER) -> Document:
    """
    Return the document of a scanned file; faults are in it, nothing is raised.

    Built from the parser's events, one by one: the library's own tree builders recurse, and the one in C ends the
    process on deep nesting, where this stops at the first level too many.
    """
    if scanned.text is None:
        return Document(scanned.path, None, {}, scanned.faults)
    text: str | None = scanned.text
    stops: list[Fault] = []
    while text is not None:
        reading = _Reading(scanned.path, yaml.parse(text, Loader=loader))
        value = reading.document()
        stops += reading.stop
        again = reading.stop and len(stops) * len(text) <= BUDGET
        text = without_entry(text, reading.stop[0].line) if again else None
    faults = scanned.faults + _elsewhere([*stops, *reading.faults], scanned.faults)
    document = Document(scanned.path, value, reading.lines, tuple(sorted(faults)), frozenset(reading.void))
    return agreed(document, scanned.text)


def _elsewhere(faults: list[Fault], earlier: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """
    Return the faults on lines that have no earlier one, of which they may be a mere consequence.
    """
    lines = {fault.line for fault in earlier}
    return tuple(fault for fault in faults if fault.line not in lines)


class _StopReadingError(Exception):
    """
    The rest of the file cannot be understood; its fault is noted.
    """


class _Reading:
    """
    One pass over a file's events: the value it builds, its lines and its faults.
    """

    def __init__(self, path: str, events: Iterator[_Event]) -> None:
        self.path = path
        self.events = events
        self.lines: dict[Pointer, int] = {}
        self.faults: list[Fault] = []
        self.stop: list[Fault] = []
        self.void: set[Pointer] = set()

    def document(self) -> Tree:
        """
        Return the value of the file's one document; None where it is empty or breaks off.

        A list that breaks off keeps the elements before the break, so that their faults are told as well.
        """
        root: list[Tree] = []
        try:
            self._stream(root)
        except _StopReadingError:
            return root[0] if root and isinstance(root[0], list) else None
        return root[0] if root else None

    def _stream(self, root: list[Tree]) -> None:
        """
        Put the first document's value into `root`; a further document is a fault.
        """
        for event in iter(self._next, None):
            if isinstance(event, yaml.DocumentStartEvent):
                self._directives(event, first=not root)
                self._value(self._next(), (), root)
            elif isinstance(event, yaml.StreamEndEvent):
                return

    def _directives(self, event: _Event, *, first: bool) -> None:
        """
        Note the faults of a document's start.
        """
        if not first:
            self._stop(event, "begins a second document", "keep one document in a file: remove the line ---")
        if event.version or event.tags:
            self._fault(event, "follows a YAML directive", "remove the line that begins with %")

    def _next(self) -> _Event:
        """
        Return the next event; what the parser cannot read is a fault and ends the reading.
        """
        try:
            return next(self.events)
        except yaml.MarkedYAMLError as error:
            # Of a block the trouble is where it shows, of anything else (an open bracket or quote) where it began.
            began = error.context_mark and "block" not in (error.context or "")
            mark = error.context_mark if began else error.problem_mark
            what = ", ".join(part for part in (error.context, error.problem) if part)
            line = mark.line + 1 if mark else 0
        except yaml.YAMLError as error:
            what, line = str(error).partition("\n")[0], 0
        self.stop = [Fault(self.path, line, f"is not YAML: {what}", "look at indentation, quotes, brackets")]
        raise _StopReadingError

    def _value(self, event: _Event, pointer: Pointer, into: list[Tree]) -> None:
        """
        Append the value that begins with `event` to `into`, a collection before its content.
        """
        self.lines.setdefault(pointer, event.start_mark.line + 1)
        self._judge(event)
        if isinstance(event, yaml.ScalarEvent):
            into.append(self._scalar(event))
            if pointer and not event.value and not event.style:
                self.void.add(pointer)
                self._fault(
                    event, "has no value", 'write it after the colon or dash; "" is empty text, null is none'
                )
        elif not isinstance(event, _STARTS):
            self.void.add(pointer)
            into.append("")
        elif len(pointer) >= DEPTH:
            self._stop(event, f"is nested deeper than {DEPTH} levels", "flatten it")
        elif isinstance(event, yaml.SequenceStartEvent):
            self._list(pointer, into)
        else:
            self._mapping(pointer, into)

    def _list(self, pointer: Pointer, into: list[Tree]) -> None:
        """
        Append a list to `into`; an element is in it once it was read whole.
        """
        elements: list[Tree] = []
        into.append(elements)
        while not isinstance(event := self._next(), _ENDS):
            element: list[Tree] = []
            self._value(event, (*pointer, len(elements)), element)
            elements += element

    def _mapping(self, pointer: Pointer, into: list[Tree]) -> None:
        """
        Append a mapping to `into`; of a key that stands twice the first value counts, and both lines are named.
        """
        content: dict[str, Tree] = {}
        into.append(content)
        while not isinstance(event := self._next(), _ENDS):
            key = self._key(event)
            known = key in content
            if not key:
                self.void.add((*pointer, key))
            elif known:
                first = self.lines[*pointer, key]
                self._fault(event, f"key {quoted(key)} stands twice: here and in line {first}", "keep one of them")
            else:
                self.lines[*pointer, key] = event.start_mark.line + 1
            value: list[Tree] = []
            self._value(self._next(), (*pointer, key), value)
            content[key] = content[key] if known else value[0]

    def _key(self, event: _Event) -> str:
        """
        Return a mapping's key as text.
        """
        self._judge(event)
        if isinstance(event, yaml.ScalarEvent):
            key = str(self._scalar(event))
            if not key:
                self._fault(event, "has an empty key", "name the key before the colon")
            if key == "<<" and not event.style:
                self._fault(event, "holds a merge key (<<)", "write the keys out")
                return ""
            return key
        self._fault(event, "has a key that is not text", "name the key before the colon")
        self._skip(event)
        return ""

    def _skip(self, event: _Event) -> None:
        depth = int(isinstance(event, _STARTS))
        while depth:
            event = self._next()
            depth += isinstance(event, _STARTS) - isinstance(event, _ENDS)
            if depth > DEPTH:
                self._stop(event, f"is nested deeper than {DEPTH} levels", "flatten it")

    def _scalar(self, event: _Event) -> str:
        r"""
        Return a scalar's text. Escapes (`"\u202e"`) are judged here: they are no characters before.
        """
        text: str = event.value
        if not event.style:
            return Plain(text)
        for char in sorted(filter(is_hidden, set(text))):
            self._fault(event, f"writes {named(char)} as an escape", "remove it")
        if not unicodedata.is_normalized("NFC", text):
            self._fault(event, "writes text that is not in Unicode form NFC", "write the letters themselves")
        return text

    def _judge(self, event: _Event) -> None:
        """
        Note a tag, an anchor or an alias: none is what it seems to somebody who reads one line.
        """
        if isinstance(event, yaml.AliasEvent):
            self._fault(event, f"holds an alias (*{event.anchor})", "write the value out")
            return
        if event.anchor:
            self._fault(event, f"holds an anchor (&{event.anchor})", "remove it, and write out what refers to it")
        if getattr(event, "tag", None):
            self._fault(event, f"holds a tag ({event.tag})", "remove it: the schema knows the type")

    def _fault(self, event: _Event, message: str, hint: str) -> None:
        self.faults.append(Fault(self.path, event.start_mark.line + 1, message, hint))

    def _stop(self, event: _Event, message: str, hint: str) -> None:
        self.stop = [Fault(self.path, event.start_mark.line + 1, message, hint)]
        raise _StopReadingError
