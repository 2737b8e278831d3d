"""
Git, run with fixed arguments: what it is told of its surroundings, what it answers, how it fails.

Nothing of the caller's environment that points Git at another repository or index passes; hooks, prompts,
pagers and signing are off.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.effects import effect
from reconciler.errors import StoreError
from reconciler.store_scratch import spool

if TYPE_CHECKING:
    from git import Git as GitPython

# What `git rev-parse --local-env-vars` lists, but for the configuration, which is the caller's to give.
_ELSEWHERE = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "false", "GIT_PAGER": "", "GIT_OPTIONAL_LOCKS": "0"}
_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",  # may name a program to run
    "core.fsync=loose-object,reference",  # an intent that a power cut loses is none
    "core.splitIndex=false",
    "i18n.commitEncoding=UTF-8",
    "log.showSignature=false",
    "push.gpgSign=false",
    "gc.auto=0",
    "http.lowSpeedLimit=1000",  # bytes a second; a remote that says less for so many seconds is gone
    "http.lowSpeedTime=60",
)
_OPTIONS = ("--no-pager", "--literal-pathspecs", *(word for setting in _SETTINGS for word in ("-c", setting)))


class NoRepositoryError(StoreError):
    """
    The folder is in no Git repository.
    """


class Answer(Struct, frozen=True):
    """
    What Git said: exit status, standard output, standard error.
    """

    status: int
    output: bytes
    error: str


class Git(Struct, frozen=True):
    """
    Git in one folder.
    """

    folder: Path

    def ask(self, *arguments: str, feed: bytes = b"", **environment: str) -> Answer:
        """
        Return what Git answers to `arguments`, given `feed` to read, whether it succeeds or not.
        """
        command = self._command(arguments, environment)
        # in a session of its own: Ctrl-C is for us to act on, and must not stop Git half-way through a commit
        with spool(feed) as file, _found(), effect("git", arguments[0]):
            status, output, error = _gitpython().execute(
                command,
                istream=file.fileno(),
                env=_QUIET | environment,
                start_new_session=True,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        return Answer(status, output, printable(error))

    def run(self, *arguments: str, feed: bytes = b"", **environment: str) -> bytes:
        """
        Return what Git prints; raises StoreError with Git's word where it fails.
        """
        answer = self.ask(*arguments, feed=feed, **environment)
        if answer.status:
            raise failure(arguments[0], answer)
        return answer.output

    def line(self, *arguments: str) -> str:
        """
        Return the one line that Git prints, or nothing where it fails: for questions that may have no answer.
        """
        answer = self.ask(*arguments)
        return "" if answer.status else answer.output.decode("utf-8", "surrogateescape").removesuffix("\n")

    def tree(self, revision: str, *paths: str) -> dict[str, str]:
        """
        Return the object name of every file at or below `paths` at `revision`, by its path from the top.

        Raises StoreError where one is no plain file: a link would be followed to wherever it leads.
        """
        if not revision:
            return {}
        listed = self.run("ls-tree", "-r", "-z", "--full-tree", revision, "--", *paths)
        return dict(_tree_entry(entry) for entry in _split(listed))

    def moved(self, old: str, new: str, folder: str) -> list[str]:
        """
        Return the paths at or below `folder` that differ between two revisions.

        Raises StoreError where Git does not know one of them.
        """
        return _split(self.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new, "--", folder))

    def staged(self, folder: str) -> dict[str, str]:
        """
        Return what the index holds below `folder`, as `tree` does; of a path in conflict, what no tree holds.
        """
        listed = _split(self.run("ls-files", "--stage", "-z", "--", folder))
        entries = [entry.partition("\t") for entry in listed]
        return {path: words.split()[1] if words.endswith(" 0") else "conflict" for words, _, path in entries}

    def changed(self, paths: Iterable[str]) -> set[str]:
        """
        Return the files below `paths` that are not in the work tree, or the index, as the last commit has them.
        """
        listed = self.run("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *paths)
        return {entry[3:] for entry in _split(listed)}

    def blobs(self, names: Iterable[str]) -> Iterator[bytes]:
        """
        Yield the content of each object of `names`, in order, from one process.

        Raises StoreError where Git cannot read one, or ends before it has read all.
        """
        asked = list(names)
        with spool("".join(f"{name}\n" for name in asked).encode()) as file, _found():
            command = self._command(("cat-file", "--batch", "--buffer"), {})
            with effect("git", "cat-file"):
                running: Any = _gitpython().execute(
                    command, istream=file.fileno(), env=_QUIET, as_process=True, start_new_session=True
                )
            try:
                for name in asked:
                    yield _blob(running.stdout.readline() or f"{name} lost".encode(), running.stdout)
            finally:
                running.stdout.close()
                running.stderr.close()
                running.proc.wait()

    def _command(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> list[str]:
        # GitPython can add to the environment but not take away from it; `env` can
        inherited = [name for name in _ELSEWHERE if name in os.environ and name not in environment]
        cleared = ["env", *(word for name in inherited for word in ("-u", name))] if inherited else []
        # -C, because GitPython runs in the caller's folder where it cannot enter the one it was given
        program = _gitpython().GIT_PYTHON_GIT_EXECUTABLE or "git"
        return [*cleared, program, "-C", str(self.folder), *_OPTIONS, *arguments]


def index_entries(names: Mapping[str, str | None], *, width: int) -> bytes:
    """
    Return what `update-index --index-info` reads to hold `names` (None: to drop the path), each a plain file.

    `width` is the length of an object name in this repository: 40, or 64 with SHA-256.
    """
    entries = (f"100644 {name}\t{path}" if name else f"0 {'0' * width}\t{path}" for path, name in names.items())
    return "".join(f"{entry}\0" for entry in entries).encode("utf-8", "surrogateescape")


def _split(listed: bytes) -> list[str]:
    return [entry for entry in listed.decode("utf-8", "surrogateescape").split("\0") if entry]


def _tree_entry(entry: str) -> tuple[str, str]:
    words, _, path = entry.partition("\t")
    mode, _, name = words.split(" ")
    if mode not in {"100644", "100755"}:
        raise StoreError(f"{path} is committed as a link or a submodule", hint="the ledger holds plain files only")
    return path, name


def _blob(header: bytes, stream: IO[bytes]) -> bytes:
    name, kind, *size = header.split()
    if kind != b"blob" or not size:
        raise StoreError(
            f"Git cannot read object {name.decode()} ({kind.decode()})", hint="see what `git fsck` says"
        )
    content = stream.read(int(size[0]))
    if len(content) != int(size[0]) or stream.read(1) != b"\n":
        raise StoreError(f"Git cannot read object {name.decode()}: it ends early", hint="see what `git fsck` says")
    return content


def _gitpython() -> "GitPython":
    # imported here: it takes 0.2 s, and starts Git, which `--help` need not wait for
    try:
        from git import Git as GitPython  # noqa: PLC0415 - see above
    except ImportError as error:
        raise _missing() from error
    return GitPython()


@contextmanager
def _found() -> Iterator[None]:
    from git.exc import GitCommandNotFound  # noqa: PLC0415 - as in _gitpython

    try:
        yield
    except GitCommandNotFound as error:
        raise _missing() from error
    except OSError as error:
        told = f"Git cannot be started: {error.strerror or error}"
        raise StoreError(told, hint="give this machine more room, then run again: nothing was lost") from error


def _missing() -> StoreError:
    return StoreError("Git cannot be started", hint="install Git 2.30 or newer, and put it on PATH")


_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_AUTHORIZATION = re.compile(r"(?i)(authorization:\s*\S+\s+)\S+")


def printable(text: str) -> str:
    """
    Return `text` without credentials and without anything a terminal would act on.
    """
    masked = _AUTHORIZATION.sub(r"\1***", _CREDENTIALS.sub("***@", text))
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in masked).strip()


_REMEDIES = (
    ("not a git repository (or any", "run `git init` in the folder that holds the state"),
    ("dubious ownership", "if the folder is yours: `git config --global --add safe.directory FOLDER`"),
    ("index.lock", "when no other Git command runs here, remove that file"),
    (".lock'", "when no other Git command runs here, remove that file"),
    ("No space left", "make room and run again: nothing was lost"),
    ("must be run in a work tree", "a bare repository has no files: run in a clone of it"),
)


def failure(command: str, answer: Answer) -> StoreError:
    """
    Return the error for a command that failed: Git's word, and what to do where we know it.
    """
    said = answer.error.removeprefix("fatal: ") or f"exit status {answer.status}"
    hint = next((remedy for sign, remedy in _REMEDIES if sign in said), "")
    kind = NoRepositoryError if _REMEDIES[0][0] in said else StoreError
    return kind(f"git {command}: {said}", hint=hint)
