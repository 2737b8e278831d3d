"""
Which files of the state folder are read. None is passed over in silence: what is not read, and lies there, is told.
"""

import os
from pathlib import Path

from msgspec import Struct

from reconciler.errors import Fault
from reconciler.files.placed import Document
from reconciler.files.scan import is_hidden, read
from reconciler.files.schema import Checked, check
from reconciler.files.yamlio import parse

SUFFIX = ".yaml"


class Found(Struct, frozen=True):
    """
    The YAML files below a folder, in the order of their names, and the faults of what else lies there.
    """

    files: tuple[Path, ...]
    faults: tuple[Fault, ...]


class Loaded(Struct, frozen=True):
    """
    One file, read and checked; `empty` where it holds nothing but comments.
    """

    document: Document
    checked: Checked

    @property
    def empty(self) -> bool:
        """
        Return whether the file holds nothing, neither value nor fault.
        """
        return self.document.value is None and not self.document.faults


def yaml_files(folder: Path, *, nested: bool) -> Found:
    """
    Return the YAML files in `folder`, and, where `nested`, in the folders below it.

    Notes (`*.md`) and hidden files are nobody's input. A linked folder would be read twice, or lead out.
    """
    files: list[Path] = []
    faults: list[Fault] = []
    for place, folders, names in os.walk(folder):
        here = Path(place)
        faults += [_unread(here / name, "is a link to a folder") for name in folders if (here / name).is_symlink()]
        if not nested:
            faults += [_unread(here / name, "is a folder; policies lie side by side") for name in folders]
            folders.clear()
        for name in names:
            if name.endswith(SUFFIX) and not any(map(is_hidden, name)):
                files.append(here / name)
            elif not name.startswith(".") and not name.endswith(".md"):
                faults.append(_unread(here / name, f"is not read: its name does not end in {SUFFIX}"))
    return Found(tuple(sorted(files)), tuple(faults))


def load(file: Path, tree: Path, schema: str) -> Loaded:
    """
    Return one file, read from below `tree` and held against a schema; its faults are in what is returned.
    """
    document = parse(read(file, tree=tree, path=file.as_posix()))
    nothing = Checked(None, document.faults)
    return Loaded(document, nothing if document.value is None else check(document, schema))


def _unread(place: Path, what: str) -> Fault:
    """
    Return the fault of something that is not read, its name as no terminal obeys it.
    """
    name = "".join("?" if is_hidden(char) or char == "\n" else char for char in place.as_posix())
    return Fault(name, 0, what, "rename it, or move it elsewhere")
