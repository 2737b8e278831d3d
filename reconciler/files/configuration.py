"""
What the configuration says of other files, and what it must not say at all.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.errors import Fault
from reconciler.files.explain import close, where
from reconciler.files.placed import Document, Pointer, Tree
from reconciler.files.scan import quoted

_PLACEHOLDER = re.compile(r"(?:\$\{[A-Z_][A-Z0-9_]*\})+")
_PASSWORD = re.compile(r"://[^:/@]*:([^@]*)@")
_SECRET = re.compile(
    r"[?&;][^=&;]*(?:passw|passphrase|pwd|secret|token|api_?key|credential)[^=&;]*=([^&;]*)", re.IGNORECASE
)


def faults_of(document: Document, value: Tree, *, policies: Collection[str]) -> Iterator[Fault]:
    """
    Yield a fault for each source or policy that a target names and that is not there, and for each open secret.

    `value` may have faults of its own: what is not where it should be is passed over here, and told elsewhere.
    """
    sources = _mapping(value, "sources")
    for name, target in _mapping(value, "targets").items():
        pointer = ("targets", name)
        for index, source in enumerate(_list(target, "sources")):
            if isinstance(source, str) and source not in sources:
                place = (*pointer, "sources", index)
                yield _fault(document, place, f"names {quoted(source)}: no such source", close(source, sources))
        yield from _precedence(document, name, target)
        yield from _policy(document, (*pointer, "policy"), _text(target, "policy"), policies)
        yield from _open_secret(document, (*pointer, "url"), _text(target, "url"))
    for section in ("sources", "targets"):
        for name in _mapping(value, section):
            settings = _mapping(_mapping(value, section), name).get("settings")
            for inside, text in _texts(settings, (section, name, "settings")):
                yield from _open_secret(document, inside, text)
    yield from _shared(document, _mapping(value, "targets"))


def _precedence(document: Document, name: str, target: Tree) -> Iterator[Fault]:
    """
    Yield a fault for each source in an order of single fields from which the target draws nobody.
    """
    drawn = _list(target, "sources")
    orders = _mapping(_mapping(target, "join"), "precedence")
    for field, order in orders.items():
        for index, source in enumerate(order if isinstance(order, list) else ()):
            if isinstance(source, str) and source not in drawn:
                place = ("targets", name, "join", "precedence", field, index)
                known = [one for one in drawn if isinstance(one, str)]
                yield _fault(
                    document, place, f"names {quoted(source)}: no source of this target", close(source, known)
                )


def _shared(document: Document, targets: Mapping[str, Any]) -> Iterator[Fault]:
    """
    Yield a fault for each target at the address of an earlier one: two ledgers would undo each other's work.
    """
    bearers: dict[str, str] = {}
    for name, target in targets.items():
        scheme, mark, path = _text(target, "url").partition(":///")
        address = f"{scheme}{mark}{posixpath.normpath(path)}" if path else scheme
        first = bearers.setdefault(address, name) if address else name
        if first != name:
            what = f"is the address of target {quoted(first)} too"
            yield _fault(document, ("targets", name, "url"), what, "one target has one ledger: give it its own")


def _policy(document: Document, pointer: Pointer, name: str, known: Collection[str]) -> Iterator[Fault]:
    if "/" in name or "\\" in name:
        what = f"is {quoted(name)}: a path"
        yield _fault(document, pointer, what, "name a file that lies in policies/, or a preset")
    elif name and name not in known:
        yield _fault(document, pointer, f"is {quoted(name)}: no such policy", close(name, known))


def _open_secret(document: Document, pointer: Pointer, url: str) -> Iterator[Fault]:
    """
    Yield a fault where the address holds a secret in plain text, or a placeholder that none is; never show it.
    """
    secrets = [*_PASSWORD.findall(url), *_SECRET.findall(url)]
    if any(not _PLACEHOLDER.fullmatch(secret) for secret in secrets if secret):
        what = "holds a secret in plain text (not shown)"
        yield _fault(document, pointer, what, "write ${ENV_NAME} instead, and change the secret")
    elif "${" in _PLACEHOLDER.sub("", url):
        yield _fault(document, pointer, "holds a ${...} that names no variable", "write it as ${ENV_NAME}")


def _texts(value: Tree, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    """
    Yield each text in a value, with its place.
    """
    if isinstance(value, str):
        yield pointer, value
    inside = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for step, inner in inside:
        yield from _texts(inner, (*pointer, step))


def _fault(document: Document, pointer: Pointer, message: str, hint: str) -> Fault:
    return Fault(document.path, document.line(pointer), f"{where(pointer)} {message}", hint)


def _mapping(value: Tree, key: str) -> Mapping[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _list(value: Tree, key: str) -> list[Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []


def _text(value: Tree, key: str) -> str:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else ""
