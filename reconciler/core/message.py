"""
The message of a ledger commit: counts, digests and ids, and nothing that anybody could have put there.
"""

import re
from collections.abc import Iterable, Mapping

from reconciler.core.canonical import digest
from reconciler.errors import LedgerError

_PLAIN = re.compile(r"[A-Za-z0-9._:+~ -]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def commit_message(title: str, body: Iterable[str], trailers: Mapping[str, str]) -> str:
    """
    Return the message: title, the lines of `body`, and `trailers` in their order.

    Nothing in it can mention anybody, close an issue, skip a check or forge a trailer: a trailer's value that
    holds more than [A-Za-z0-9._:+~ -] becomes its digest, and so does an empty one. Raises LedgerError where
    title, body or a trailer's key hold more.
    """
    lines = (title, *body)
    wrong = [line for line in lines if not _PLAIN.fullmatch(line)]
    wrong += [key for key in trailers if not _KEY.fullmatch(key)]
    if wrong or not title.strip():
        raise LedgerError(f"a commit message holds plain words only, not {(wrong or [title])[0]!r}")
    last = (f"{key}: {_plain(value)}" for key, value in trailers.items())
    paragraphs = (title, "\n".join(lines[1:]), "\n".join(last))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _plain(value: str) -> str:
    return value if value.strip() and _PLAIN.fullmatch(value) else digest(value)
