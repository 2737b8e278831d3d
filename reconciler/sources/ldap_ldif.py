"""
LDIF (RFC 2849), as `ldapsearch`, `slapcat`, `db2ldif` and `ldifde` print it: entries, and how the search ended.
"""

import base64
import binascii
import codecs
import re
import stat
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from reconciler.errors import Fault, InputError
from reconciler.wire.ldap_entry import Entry, entry

MAX_BYTES = 512 * 1024 * 1024

_AGAIN = "print it again and keep the whole output"
_LINE = re.compile(rb"(?P<name>[A-Za-z0-9][A-Za-z0-9.;=*-]*):(?P<mark>[:<]?)\s*(?P<value>.*)", re.DOTALL)
_TOTAL = re.compile(rb"# ?numEntries: (\d+)\s*")
_RESULT = re.compile(rb"#? ?result: (\d+) ?(.*)", re.DOTALL)
_COOKIE = re.compile(rb"(?:# )?pagedresults: (?:estimate=\d+ )?cookie=(.*)", re.DOTALL)
_REFERENCE = re.compile(rb"(?:ref: |# ref)(ldaps?://.*)", re.DOTALL | re.IGNORECASE)
"""Printed as `ref: URL` by ldapsearch, as `# refURL` with -L, and as an attribute of an entry by slapcat."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Ldif(Struct, frozen=True, kw_only=True):
    """
    What a file holds. `total` is how many entries the search told, `result` how it ended; None where nobody says.

    `references` name other servers' parts of the directory; `more` tells that pages are missing behind the last.
    """

    path: Path
    entries: tuple[Entry, ...]
    written: float
    total: int | None
    result: tuple[int, str] | None
    references: tuple[str, ...] = ()
    more: bool = False


def read(path: Path) -> Ldif:
    """
    Return what an LDIF file holds; raises InputError, with every fault, for what is none or not whole.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(path, "is not a regular file")
        if status.st_size > MAX_BYTES:
            raise _refusal(path, f"has {status.st_size} bytes; the limit is {MAX_BYTES}")
        content = path.read_bytes()
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror}") from error
    return parse(content, path, written=status.st_mtime)


def parse(content: bytes, path: Path, *, written: float) -> Ldif:
    """
    Return what these bytes hold; `path` is for messages alone.
    """
    if content.startswith(_WIDE):
        raise _refusal(
            path, "is UTF-16, and LDIF is UTF-8: print it by ldifde without -u, or by cmd instead of PowerShell"
        )
    if content and not content.endswith(b"\n"):
        raise _refusal(path, "ends in the middle of a line")
    faults: list[Fault] = []
    entries: list[Entry] = []
    totals: list[int] = []
    results: list[tuple[int, str]] = []
    references: list[str] = []
    cookie = b""
    for record in _records(content.removeprefix(codecs.BOM_UTF8)):
        totals += (int(one[1]) for one in _found(_TOTAL, record))
        ended = [(int(one[1]), _words(one[2])) for one in _found(_RESULT, record)]
        results += ended
        references += (_words(one[1]) for one in _found(_REFERENCE, record))
        cookie = next((one[1] for one in _found(_COOKIE, record)), cookie)
        lines = [(number, line) for number, line in record if not line.startswith(b"#")]
        if not ended and not all(_REFERENCE.fullmatch(line) for _, line in lines):
            entries += _entry(lines, path, faults)
    if faults:
        raise InputError(tuple(faults))
    return Ldif(
        path=path,
        entries=tuple(entries),
        written=written,
        total=sum(totals) if totals else None,
        result=max(results, default=None),
        references=tuple(references),
        more=bool(cookie),
    )


def _found(pattern: re.Pattern[bytes], record: list[tuple[int, bytes]]) -> list[re.Match[bytes]]:
    return [found for _, line in record if (found := pattern.fullmatch(line))]


def _words(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _records(content: bytes) -> Iterator[list[tuple[int, bytes]]]:
    """
    Yield what stands between empty lines, folded lines put together, each with its number.
    """
    record: list[tuple[int, bytes]] = []
    for number, raw in enumerate(content.split(b"\n"), 1):
        line = raw.removesuffix(b"\r")
        if line.startswith(b" ") and record:
            record[-1] = (record[-1][0], record[-1][1] + line[1:])
        elif line:
            record.append((number, line))
        elif record:
            yield record
            record = []
    if record:
        yield record


def _entry(lines: list[tuple[int, bytes]], path: Path, faults: list[Fault]) -> Iterator[Entry]:
    """
    Yield the entry of one record; what is wrong with it is noted in `faults`.
    """
    attributes: dict[str, list[bytes]] = defaultdict(list)
    dn: bytes | None = None
    before = len(faults)
    for number, line in lines:
        name, value = _attribute(line, path, number, faults)
        if name == "dn":
            dn = value
        elif name == "changetype" and value != b"add":
            faults.append(_fault(path, number, "is a change, and no entry", "print entries: ldapsearch or slapcat"))
        elif name not in {"version", "changetype"}:
            attributes[name].append(value)
    if len(faults) > before or (dn is None and not attributes):
        return
    if dn is None:
        faults.append(_fault(path, lines[0][0], "an entry without dn", _AGAIN))
        return
    try:
        yield entry(dn.decode(), attributes)
    except UnicodeDecodeError:
        faults.append(_fault(path, lines[0][0], "its dn is not UTF-8", _AGAIN))


def _attribute(line: bytes, path: Path, number: int, faults: list[Fault]) -> tuple[str, bytes]:
    """
    Return name and value of one line; an empty name where it is noted in `faults` instead.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        faults.append(_fault(path, number, "is no `attribute: value`", _AGAIN))
        return "version", b""
    name, value = found["name"].decode().lower(), found["value"]
    if found["mark"] == b"<":
        faults.append(_fault(path, number, f"{name} is kept in another file, which is not read", "print its value"))
    if found["mark"] != b":":
        return name, value
    try:
        return name, base64.b64decode(value, validate=True)
    except binascii.Error:
        faults.append(_fault(path, number, f"{name} is not base64", _AGAIN))
        return name, b""


def _fault(path: Path, number: int, told: str, hint: str) -> Fault:
    return Fault(str(path), number, told, hint)


def _refusal(path: Path, told: str) -> InputError:
    return InputError((_fault(path, 0, told, _AGAIN),))
