"""
What is fuzzed: each subject takes any bytes, and may end in nothing worse than an error of ours.

Where bytes are accepted the subject goes on and asks for more: what was read can be written, and reads the same.
"""

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from reconciler.core.ledger import Ledger
from reconciler.core.runs import decode_runs, verify_chain
from reconciler.errors import ReconcilerError
from reconciler.files.exports import read_export
from reconciler.files.journal import journal_path, read_journal
from reconciler.files.ledger import HEAD, decode_ledger
from reconciler.files.new_export import write_export
from reconciler.files.new_ledger import encode_delta
from reconciler.files.plans import parse_plan
from reconciler.files.state import read_state
from reconciler.render.escape import log_line
from reconciler.render.json_text import render_json
from reconciler.render.markdown import render_markdown
from reconciler.sources.ibmcloud import read_files
from reconciler.wiring.registry import SOURCES, source_adapter
from tests.render.test_markdown import OURS, outside
from tests.render.test_renderings import RENDERINGS, hostile
from tests.sources.test_clouds import asking

CUT = b"\n%%%\n"
"""What parts one file of a subject from the next."""

STATE = ("overrides/people.yaml", "overrides/waivers.yaml", "policies/openpages.yaml", "reconciler.yaml")
EXPORT = ("manifest.json", "users.jsonl", "groups.jsonl")
PRINTED = ("users.json", "access-groups.json", "policies.json", "members/AccessGroupId-a.json")
CLOUDS = ("users.json", "groups.json", "members/1.json", "users.csv")
LEDGER = (HEAD, "users.jsonl", "groups.jsonl", "runs/2026/000001.jsonl", "journal.json")


def files(content: bytes, names: tuple[str, ...]) -> dict[str, bytes]:
    """
    Return the files that the parts of `content` are, in the order of the names; a part that is missing is none.
    """
    return dict(zip(names, content.split(CUT), strict=False))


def put(folder: Path, found: Mapping[str, bytes]) -> Path:
    """
    Return `folder`, below which the files lie now.
    """
    for name, content in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def overrides(content: bytes) -> None:
    """
    Read overrides, waivers, a policy and a configuration; every fault that they have can be told.
    """
    with tempfile.TemporaryDirectory() as name:
        put(Path(name), files(content, STATE))
        told = [str(fault) for fault in read_state(Path(name)).faults]

    assert all(log_line(line).isprintable() for text in told for line in text.split("\n"))


def export(content: bytes) -> None:
    """
    Read an export; one that is believed can be written, and is the same bytes.
    """
    with tempfile.TemporaryDirectory() as name:
        put(Path(name), files(content, EXPORT))
        found = read_export(Path(name))

    assert found.manifest.counts.users == len(found.users)


def source(content: bytes) -> None:
    """
    Read what a cloud printed; what it says makes an export that is believed.
    """
    with tempfile.TemporaryDirectory() as name:
        put(Path(name) / "saved", files(content, PRINTED))
        reading = read_files([Path(name) / "saved"], account=None, fetched_at="2026-11-20T06:00:00Z")
        whole = {"read": reading.read, "users": reading.users, "groups": reading.groups}
        about = {"account": reading.account, "fetched_at": reading.fetched_at, "faults": reading.faults}
        write_export(Path(name), source="ibmcloud", complete=reading.complete, **about, **whole)  # type: ignore[arg-type]
        found = read_export(Path(name))

    assert tuple(placed.row for placed in found.users) == reading.users


def clouds(content: bytes) -> None:
    """
    Read what any other cloud printed; a reading has people and groups by key, and groups that are there.
    """
    found = files(content, CLOUDS)
    with tempfile.TemporaryDirectory() as name:
        folder = put(Path(name), found)
        for kind in sorted(SOURCES.keys() - {"ibmcloud", "rows"}):
            tried(lambda kind=kind: _cloud(kind, folder))  # type: ignore[misc]


def _cloud(kind: str, folder: Path) -> None:
    read = source_adapter(kind).files
    assert read
    reading = read([folder], asking("example"))
    groups = [group.key for group in reading.groups]

    assert groups == sorted(set(groups))
    assert [user.key for user in reading.users] == sorted({user.key for user in reading.users})
    assert all(set(groups).issuperset(user.groups) for user in reading.users)


def ledger(content: bytes) -> None:
    """
    Read a ledger, its records and a journal; a ledger that is believed is written with the same bytes.
    """
    found = files(content, LEDGER)
    with tempfile.TemporaryDirectory() as name:
        path = journal_path(Path(name), "openpages")
        put(path.parent, {path.name: found.pop(LEDGER[-1], b"")})
        tried(lambda: read_journal(Path(name), "openpages"))
    runs = [(path, content, None) for path, content in found.items() if path.startswith("runs/")]
    tried(lambda: verify_chain(decode_runs(runs), last=""))
    read = decode_ledger(found.items(), target="openpages")
    empty = Ledger(replace(read.head, rows=""), {}, {})
    _, written = encode_delta(empty, read.head, dict(read.users), dict(read.groups))
    unsealed = {HEAD} if not read.head.rows else set()

    assert {path: text for path, text in written.items() if text and path not in unsealed} == {
        path: found[path] for path in written if written[path] and path not in unsealed
    }


def plan(content: bytes) -> None:
    """
    Read a plan file; one that is accepted is written as a file that says the same, and can be shown.
    """
    found = parse_plan(content, "plan.json")

    assert parse_plan(render_json(found).encode(), "plan.json") == found
    assert all(safe(render(found)) for render in RENDERINGS.values())


def render(content: bytes) -> None:
    """
    Show two plans that hold any two texts wherever a plan holds text: nothing acts, and they differ as these do.
    """
    one, other = (part.decode("utf-8", "surrogatepass") for part in (*content.split(CUT), b"")[:2])
    for show in RENDERINGS.values():
        shown = [show(hostile(text)) for text in (one, other)]

        assert all(map(safe, shown))
        assert (shown[0] == shown[1]) == (one == other)
    assert all(OURS.fullmatch(line) for line in outside(render_markdown(hostile(one))))


def safe(shown: str) -> bool:
    """
    Return whether a rendering holds nothing that a terminal, a log or Markdown would act on.
    """
    lines = shown.split("\n")
    return all(map(str.isprintable, lines)) and not re.search(r"(?m)^\s*::|##", shown)


def tried(subject: Callable[[], object]) -> None:
    """
    Call what may refuse its input in our own words, and in no others.
    """
    try:
        subject()
    except ReconcilerError as error:
        str(error).encode("utf-8", "surrogatepass")


SUBJECTS: dict[str, Callable[[bytes], None]] = {
    "overrides": overrides,
    "export": export,
    "source": source,
    "clouds": clouds,
    "ledger": ledger,
    "plan": plan,
    "render": render,
}


def once(name: str, content: bytes) -> None:
    """
    Give one input to a subject; text that is not UTF-8 is no input of the renderers.
    """
    if name == "render" and not _is_text(content):
        return
    tried(lambda: SUBJECTS[name](content))


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
