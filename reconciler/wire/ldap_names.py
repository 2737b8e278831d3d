"""
Distinguished names and filter values: written so that nothing in them acts, and compared as a directory compares.

Our own, because the library's escaper leaves a NUL as it stands, and because what is compared here is never sent.
"""

import re
import unicodedata
from collections.abc import Iterator

_SPECIAL = frozenset('"+,;<>\\=')
_PLAIN = frozenset(range(ord(" "), 127)) - frozenset(b"\\*()")
"""Bytes that stand for themselves in a filter."""
_ATTRIBUTE = re.compile(
    r"""\s*(?P<type>[A-Za-z][A-Za-z0-9-]*|(?:[Oo][Ii][Dd]\.)?\d+(?:\.\d+)*)\s*=\s*
    (?:\#(?P<hex>(?:[0-9A-Fa-f]{2})+)|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>(?:[^\\,+;"]|\\[0-9A-Fa-f]{2}|\\.)*?))
    \s*(?P<end>[,;+]|\Z)""",
    re.VERBOSE | re.DOTALL,
)
_SIMPLE = re.compile(r"(?:(?:cn|ou|uid|dc|o|c|l|st)=[a-z0-9@._-]+(?: [a-z0-9@._-]+)*(?:,(?!\Z)|\Z))+")
"""Most names as they are compared: nothing in them is escaped, and every type is called by its short name."""
_ESCAPE = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)
_STRINGS = (0x04, 0x0C, 0x13, 0x16)
"""The tags of BER for a string of bytes, of UTF-8, printable and IA5 characters."""
_OIDS = {
    "2.5.4.3": "cn",
    "2.5.4.6": "c",
    "2.5.4.7": "l",
    "2.5.4.8": "st",
    "2.5.4.10": "o",
    "2.5.4.11": "ou",
    "0.9.2342.19200300.100.1.1": "uid",
    "0.9.2342.19200300.100.1.25": "dc",
    "commonname": "cn",
    "userid": "uid",
    "domaincomponent": "dc",
    "organizationname": "o",
    "organizationalunitname": "ou",
}
"""The short names of attributes that names are made of (RFC 4514, section 3)."""


def escaped(value: str) -> str:
    """
    Return a value as it stands in a distinguished name (RFC 4514, section 2.4).
    """
    text = "".join("\\00" if one == "\0" else f"\\{one}" if one in _SPECIAL else one for one in value)
    if text[:1] in {" ", "#"}:
        text = f"\\{text}"
    return f"{text[:-1]}\\ " if value.endswith(" ") and len(value) > 1 else text


def asserted(value: str | bytes) -> str:
    """
    Return a value as it stands in a filter (RFC 4515, section 3); bytes that are no text come as hex digits.
    """
    raw = value.encode() if isinstance(value, str) else value
    return "".join(chr(one) if one in _PLAIN else f"\\{one:02x}" for one in raw)


def named(attribute: str, value: str, base: str) -> str:
    """
    Return the distinguished name of an entry below `base`.
    """
    return f"{attribute}={escaped(value)},{base}"


def normal(dn: str) -> str:
    """
    Return a distinguished name as it is compared: two that mean one entry give one text.

    Types by their short names, values prepared as caseIgnoreMatch does (RFC 4518): compatibility forms, case and
    repeated spaces do not count. Raises ValueError for what is no distinguished name.
    """
    lower = dn.lower() if dn.isascii() else ""
    if _SIMPLE.fullmatch(lower):
        return lower
    parts: list[list[str]] = [[]]
    for kind, value, end in _attributes(dn):
        parts[-1].append(f"{kind}={escaped(_prepared(value))}")
        if end != "+":
            parts.append([])
    return ",".join("+".join(sorted(part)) for part in parts if part)


def parent(dn: str) -> str:
    """
    Return the name of the entry above, as it is written; empty for the topmost.
    """
    return dn[_first_end(dn) :]


def leaf(dn: str) -> str:
    """
    Return the first part of a name, as it is written: what the entry is called below its parent.
    """
    return dn[: _first_end(dn)].rstrip(",;")


def naming(dn: str) -> dict[str, str]:
    """
    Return the attributes of the first part of a name, by their short names in lower case, with their values.
    """
    found: dict[str, str] = {}
    for kind, value, end in _attributes(dn):
        found[kind] = value
        if end != "+":
            break
    return found


def _first_end(dn: str) -> int:
    at = 0
    while found := _ATTRIBUTE.match(dn, at):
        at = found.end()
        if found["end"] != "+":
            return at
    raise ValueError(f"no distinguished name: {dn!r}")


def _attributes(dn: str) -> Iterator[tuple[str, str, str]]:
    """
    Yield type, value, and what stands behind it, of every part of a name.
    """
    at = 0
    while at < len(dn):
        found = _ATTRIBUTE.match(dn, at)
        if found is None or (found["end"] and found.end() == len(dn)):
            raise ValueError(f"no distinguished name: {dn!r}")
        kind = found["type"].lower().removeprefix("oid.")
        yield _OIDS.get(kind, kind), _value(found), found["end"]
        at = found.end()


def _value(found: re.Match[str]) -> str:
    if found["hex"]:
        return _decoded(bytes.fromhex(found["hex"]))
    text = found["quoted"] if found["quoted"] is not None else found["plain"]
    return _ESCAPE.sub(_unescaped, text)


def _decoded(raw: bytes) -> str:
    """
    Return the text of a short BER string; anything else stays hex digits.
    """
    if len(raw) > 1 and raw[0] in _STRINGS and raw[1] == len(raw) - 2:
        return raw[2:].decode("utf-8", "replace")
    return f"#{raw.hex()}"


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return bytes.fromhex(found[1].replace("\\", "")).decode("utf-8", "replace")
    return found[2]


def _prepared(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).split())
