"""
What can be found out about a target before a run depends on it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.files.state import load_state
from reconciler.ports import Target, Unfenced
from reconciler.ports_doctor import Diagnosed, Finding
from reconciler.targets import probing
from reconciler.wiring.adapters import open_target
from reconciler.wiring.bench import chosen


def diagnose(root: Path, name: str, *, probe: bool, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """
    Return what a target can and cannot do; with `probe`, what throw-away objects show, too.

    Raises UsageError for a target that is not configured, TargetError where it cannot be read.
    """
    state = load_state(root)
    target = open_target(state, chosen(state.config, name), environ)
    try:
        return tuple(findings(target, probe=probe))
    finally:
        target.close()


def findings(target: Unfenced, *, probe: bool) -> Iterator[Finding]:
    """
    Yield what is true of every target, then what this one tells of itself.
    """
    yield Finding(what="target", found=target.identity)
    snapshot = target.read()
    whole = "whole" if snapshot.complete else f"not whole: {snapshot.problem}"
    yield Finding(what="read", found=f"{len(snapshot.users)} users, {len(snapshot.groups)} groups", means=whole)
    if isinstance(target, Target):
        yield Finding(what="fence", found="in the target", means="a restore from a backup is seen")
    else:
        yield Finding(what="fence", found="in Git", means="a restore of the target from a backup is not seen")
    if isinstance(target, Diagnosed):
        yield from target.diagnose(probe=probe)
    elif probe:
        yield from probing.probe(target)
