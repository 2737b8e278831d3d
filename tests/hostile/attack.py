"""
An attack: something is planted in a repository that was in order, a command runs, and nothing may have moved.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tests.cli.conftest import Answer, Desk

APPLY = ("apply", "--yes", "--quiet")

Plant: TypeAlias = Callable[[Desk], object]


class Aftermath(NamedTuple):
    """
    What `validate` found, what the command said, and what of target, ledger and Git is not as it was before them.
    """

    found: Answer
    told: Answer
    moved: list[str]

    def missing(self, *words: str) -> list[str]:
        """
        Return those of the words that one of the two did not say, and whatever looks like a traceback.
        """
        said, found = (answer.out + answer.err for answer in (self.told, self.found))
        silent = [word for word in words if word not in said or (word not in found and self.found.code)]
        return silent + [word for word in ("Traceback", "a bug in reconciler") if word in said + found]


def attacked(desk: Desk, plant: Plant, *command: str) -> Aftermath:
    """
    Return what is left of a command (an apply, unless told otherwise) on a desk where something was planted.
    """
    plant(desk)
    desk.git("add", "--all", "--force", "state")
    if desk.git("status", "--porcelain", "state"):
        desk.commit()
    before = holdings(desk)
    found = desk.run("validate")
    told = desk.run(*(command or APPLY))
    after = holdings(desk)
    return Aftermath(found, told, sorted(name for name in before | after if before.get(name) != after.get(name)))


def holdings(desk: Desk) -> dict[str, bytes]:
    """
    Return every byte that a refused command may not touch: the target, the ledger, the rest of the state, Git.
    """
    held = {path.relative_to(desk.folder).as_posix(): _bytes(path) for path in sorted(_below(desk))}
    return held | {"refs": desk.git("show-ref", "--head").encode(), "status": desk.git("status", "-z").encode()}


def _below(desk: Desk) -> list[Path]:
    return [path for name in (".reconciler", "state") for path in (desk.folder / name).rglob("*")]


def _bytes(path: Path) -> bytes:
    """
    Return what stands at a path; a link is what it points to, and a folder nothing.
    """
    if path.is_symlink():
        return str(path.readlink()).encode()
    return path.read_bytes() if path.is_file() else b""


def puts(name: str, content: bytes | str) -> Plant:
    """
    Return the attack that makes the file `name` below state/ hold `content`.
    """

    def plant(desk: Desk) -> None:
        path = desk.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return plant


def swaps(name: str, old: bytes | str, new: bytes | str) -> Plant:
    """
    Return the attack that replaces the first `old` in the file `name` below state/ by `new`.
    """
    was, now = (text.encode() if isinstance(text, str) else text for text in (old, new))

    def plant(desk: Desk) -> None:
        path = desk.state / name
        content = path.read_bytes()
        assert was in content
        path.write_bytes(content.replace(was, now, 1))

    return plant


def edits(name: str, edit: Callable[[bytes], bytes]) -> Plant:
    """
    Return the attack that does something to the bytes of the file `name` below state/.
    """

    def plant(desk: Desk) -> None:
        path = desk.state / name
        path.write_bytes(edit(path.read_bytes()))

    return plant


def links(name: str, to: str) -> Plant:
    """
    Return the attack that makes the file `name` below state/ a symbolic link.
    """

    def plant(desk: Desk) -> None:
        path = desk.state / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(to)

    return plant
