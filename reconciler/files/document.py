"""
The one JSON document that stands beside rows: an export's manifest, a ledger's head.
"""

from typing import TypeVar

import msgspec
from msgspec import Struct

from reconciler.core.canonical import REFUSALS
from reconciler.errors import Fault, InputError
from reconciler.files.rows import ENCODER, shown

Document = TypeVar("Document", bound=Struct)


class _Version(Struct):
    """
    The one field that a document of any version has.
    """

    version: int


def encode_document(value: Struct) -> bytes:
    """
    Return a manifest or head as canonical JSON of several lines, so that a reviewer sees which field changed.
    """
    return msgspec.json.format(ENCODER.encode(value), indent=2) + b"\n"


def decode_document(content: bytes, form: type[Document], path: str, *, version: int) -> Document:
    """
    Return a manifest or head that was written canonically, in the version we know.

    Raises InputError.
    """
    try:
        found = msgspec.json.decode(content, type=_Version).version
        if found != version:
            made = "made by a newer reconciler" if found > version else "unknown"
            raise InputError((Fault(path, 0, f"version {found} is {made}; this one reads version {version}"),))
        document = msgspec.json.decode(content, type=form)
    except REFUSALS as error:
        raise InputError((Fault(path, 0, shown(str(error), width=1_000)),)) from None
    if encode_document(document) != content:
        raise InputError((Fault(path, 0, "is not canonical: edited by hand, or a key stands twice"),))
    return document
