"""
The one table of adapters: which module reads which cloud and which writes to which system.

Other distributions add theirs through entry points. An adapter is imported when it is used, so that a command
starts as fast as what it needs.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from reconciler.errors import UsageError
from reconciler.files.explain import close
from reconciler.ports_adapter import SourceAdapter, TargetAdapter

SOURCES: Mapping[str, str] = {
    "aws": "reconciler.sources.aws:ADAPTER",
    "csv": "reconciler.sources.csvfile:ADAPTER",
    "entra": "reconciler.sources.entra:ADAPTER",
    "google": "reconciler.sources.google:ADAPTER",
    "ibmcloud": "reconciler.sources.ibmcloud:ADAPTER",
    "ldap": "reconciler.sources.ldap:ADAPTER",
    "okta": "reconciler.sources.okta:ADAPTER",
    "rows": "reconciler.sources.canonical:ADAPTER",
    "scim": "reconciler.sources.scim:ADAPTER",
}
TARGETS: Mapping[str, str] = {
    "ldap": "reconciler.targets.ldap:ADAPTER",
    "scim": "reconciler.targets.scim:ADAPTER",
    "sql": "reconciler.targets.sql:ADAPTER",
}
"""What is plugged in under the name of each type that comes with the package."""

SOURCE_GROUP, TARGET_GROUP = "reconciler.sources", "reconciler.targets"
"""The groups of entry points under which others announce theirs, in the same form."""

Adapter = TypeVar("Adapter", bound=SourceAdapter[Any] | TargetAdapter[Any])


def source_adapter(kind: str) -> SourceAdapter[Any]:
    """
    Return the adapter of a type of source; raises UsageError where there is none, or it cannot be used.
    """
    return _loaded(_point(kind, SOURCES, SOURCE_GROUP), SourceAdapter)


def target_adapter(kind: str) -> TargetAdapter[Any]:
    """
    Return the adapter of a type of target; raises UsageError where there is none, or it cannot be used.
    """
    return _loaded(_point(kind, TARGETS, TARGET_GROUP), TargetAdapter)


def _point(kind: str, builtin: Mapping[str, str], group: str) -> EntryPoint:
    """
    Return where a type's adapter is: what comes with the package, else what one other distribution announces.
    """
    if kind in builtin:
        return EntryPoint(kind, builtin[kind], group)
    plugged = entry_points(group=group)
    places = sorted({one.value for one in plugged if one.name == kind})
    if len(places) > 1:
        told = f"{kind!r} is plugged in more than once: {', '.join(places)}"
        raise UsageError(told, hint="uninstall all but one of them")
    if not places:
        raise UsageError(f"there is no adapter {kind!r}", hint=close(kind, {*builtin, *plugged.names}))
    return EntryPoint(kind, places[0], group)


def _loaded(point: EntryPoint, form: type[Adapter]) -> Adapter:
    """
    Return what an entry point leads to; raises UsageError where that is not there, or no adapter of that form.
    """
    try:
        found = point.load()
    except (ImportError, AttributeError) as error:
        told = f"the adapter {point.name!r} cannot be loaded from {point.value}: {error}"
        raise UsageError(told, hint="install what it needs, or tell whoever wrote it") from error
    if not isinstance(found, form):
        told = f"the adapter {point.name!r} is no {form.__name__}: {point.value}"
        raise UsageError(told, hint="tell whoever wrote it")
    return found
