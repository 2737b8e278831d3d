"""
What was read of a file, and on which line each part of it stands.
"""

from typing import Any, TypeAlias

from msgspec import Struct, field

from reconciler.errors import Fault

Pointer: TypeAlias = tuple[str | int, ...]
Tree: TypeAlias = Any
"""What YAML can say: dict, list, str and Plain, in each other."""


class Plain(str):
    """
    A scalar written without quotes: text, unless the schema wants something else at its place.
    """

    __slots__ = ()


class Document(Struct, frozen=True):
    """
    One file's content, the line of every key and list element, and every fault found so far.

    `value` is made of dict, list, str and Plain; None where the file holds nothing, or nothing that can be used.
    `void` points at what stands for a value or key that was refused: no further fault of it is worth telling.
    """

    path: str
    value: Tree
    lines: dict[Pointer, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    void: frozenset[Pointer] = frozenset()

    def line(self, pointer: Pointer) -> int:
        """
        Return the line of what `pointer` points at, or of the nearest thing around it.
        """
        while pointer and pointer not in self.lines:
            pointer = pointer[:-1]
        return self.lines.get(pointer, 1)
