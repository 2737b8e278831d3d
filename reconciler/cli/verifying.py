"""
`reconciler audit --verify`: whether the recorded history is what the runs left, and what of it is not.
"""

from collections.abc import Iterator

import click

from reconciler.cli.session import Session, answer
from reconciler.core.canonical import digest_bytes
from reconciler.render.counts import number
from reconciler.render.json_text import json_text
from reconciler.render.tables import Form
from reconciler.wiring.records import records
from reconciler.wiring.verifying import Verified, verify

FAULTY = 1


def print_proof(session: Session, target: str | None, form: Form) -> int:
    """
    Print what the ledger's history proves, and return 1 where something does not hold.
    """
    found = verify(records(session.state, target, environ=session.environ))
    for note in found.notes:
        session.say(note)
    if form == "json":
        click.echo(json_text(_document(found)), nl=False)
    else:
        answer("".join(f"{line}\n" for line in _told(found)))
    return FAULTY if found.faults else 0


def _told(found: Verified) -> Iterator[str]:
    """
    Yield every fault; then what was looked at, where the chain ends, and the verdict.
    """
    yield from map(str, found.faults)
    if not found.runs:
        yield (
            f"{found.target}: no run is recorded yet" if not found.faults else f"{found.target}: no run can be read"
        )
        return
    first, last = found.runs[0], found.runs[-1]
    changes, claims = (sum(len(part) for part in parts) for parts in zip(*_parts(found), strict=True))
    counted = f"{number(len(found.runs), 'run')}, {number(changes, 'change')}, {number(claims, 'change')} of owner"
    yield f"{found.target}: {counted}; from {first.header.time} to {last.header.time}"
    yield f"the chain ends in run {last.header.run}, whose record is {_end(found)}"
    wrong = f"{number(len(found.faults), 'fault')}: the history is not what the runs left"
    yield wrong if found.faults else "verified: every state follows from the recorded runs, from the first on"


def _parts(found: Verified) -> list[tuple[tuple[object, ...], tuple[object, ...]]]:
    return [(run.changes, run.claims) for run in found.runs]


def _end(found: Verified) -> str:
    """
    Return the hash in which the chain ends: whoever notes it today can tell tomorrow whether that run was touched.
    """
    return digest_bytes(found.runs[-1].content) if found.runs else ""


def _document(found: Verified) -> dict[str, object]:
    return {
        "target": found.target,
        "verified": not found.faults,
        "runs": len(found.runs),
        "end": _end(found),
        "faults": [
            {"path": one.path, "line": one.line, "message": one.message, "hint": one.hint} for one in found.faults
        ],
        "notes": list(found.notes),
    }
