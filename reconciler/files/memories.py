"""
What plans remember, as a file beside the journal: `.reconciler/memory/TARGET`.

It is never in Git, never read by a run that writes, and thrown away on any doubt.
"""

import hashlib
from pathlib import Path

import msgspec

from reconciler.core.canonical import REFUSALS
from reconciler.core.memory import Memory, Proof
from reconciler.files.atomic import PRIVATE, replace_file

_SIZE = hashlib.sha256().digest_size


def memory_path(folder: Path, target: str) -> Path:
    """
    Return where the memory of `target` lies; `folder` is the one that holds `.reconciler`.
    """
    return folder / ".reconciler" / "memory" / target


def recall(path: Path) -> Memory | None:
    """
    Return what is remembered: nothing, where the file cannot be read, is not ours, or not as it was written.

    None: it is not there, so no plan was made here before.
    """
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[_SIZE:]).digest() != content[:_SIZE]:
            return Memory()
        basis, proofs = msgspec.msgpack.decode(content[_SIZE:], type=tuple[bytes, dict[str, Proof]])
    except FileNotFoundError:
        return None
    except (OSError, *REFUSALS):
        return Memory()
    return Memory(basis=basis, proofs=proofs)


def remember(path: Path, memory: Memory) -> None:
    """
    Write what holds now, where it is anything else than before. What cannot be written is not remembered.
    """
    if memory.fresh != memory.proofs:
        _write(path, memory)


def expect(path: Path) -> None:
    """
    Let the next plan find that one was made here before, and so remember what it proves.
    """
    _write(path, Memory())


def _write(path: Path, memory: Memory) -> None:
    content = msgspec.msgpack.encode((memory.basis, memory.fresh))
    try:
        replace_file(path, hashlib.sha256(content).digest() + content, mode=PRIVATE)
    except OSError:
        return
