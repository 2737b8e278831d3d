"""
One way to write a value as bytes, and one way to digest it: same content, same bytes, everywhere.
"""

import hashlib

import msgspec

REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on bytes it does not take; it counts nesting, so a deep line cannot exhaust the stack."""

_ENCODER = msgspec.json.Encoder(order="sorted")


def encode(value: object) -> bytes:
    """
    Return `value` as canonical JSON: UTF-8, sorted keys, no spaces, no line break.
    """
    return _ENCODER.encode(value)


def digest(*parts: object) -> str:
    """
    Return `sha256:` and the hex SHA-256 of the canonical JSON of `parts`.
    """
    return "sha256:" + hashlib.sha256(encode(parts)).hexdigest()


def digest_bytes(content: bytes) -> str:
    """
    Return `sha256:` and the hex SHA-256 of `content` itself.
    """
    return "sha256:" + hashlib.sha256(content).hexdigest()
