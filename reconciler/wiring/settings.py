"""
The adapter of a source or target, and its settings: typed, with the secrets of the environment.

Settings are checked as they are written, and only then is `${NAME}` replaced: no message can hold a secret.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from reconciler.core.policy import Policy
from reconciler.errors import Fault, InputError, TargetError, UsageError
from reconciler.files.config import Config, TargetConfig
from reconciler.files.placed import Document, Tree
from reconciler.files.schema import Checked, check_part
from reconciler.files.state import State
from reconciler.ports_adapter import Opening, SourceAdapter, TargetAdapter
from reconciler.wiring.registry import source_adapter, target_adapter
from reconciler.wiring.surroundings import expanded

Adapter = TypeVar("Adapter", bound=SourceAdapter[Any] | TargetAdapter[Any])


def plugged_source(state: State, name: str, environ: Mapping[str, str]) -> tuple[SourceAdapter[Any], Struct]:
    """
    Return a source's adapter and its settings.

    Raises InputError where the type or a setting is wrong, UsageError where the environment lacks a variable.
    """
    adapter, checked = _checked(state.document, ("sources", name), state.config.sources[name].type, source_adapter)
    return adapter, _filled(checked, adapter.settings, environ, where=f"source {name}")


def plugged_target(state: State, name: str, environ: Mapping[str, str]) -> tuple[TargetAdapter[Any], Struct]:
    """
    Return a target's adapter and its settings; raises as `plugged_source` does.
    """
    adapter, checked = _checked(state.document, ("targets", name), state.config.targets[name].type, target_adapter)
    return adapter, _filled(checked, adapter.settings, environ, where=f"target {name}")


def setting_faults(document: Document, config: Config) -> Iterator[Fault]:
    """
    Yield each type that no adapter has, and what is wrong with the settings of the others.
    """
    for name, source in config.sources.items():
        yield from _told(document, ("sources", name), source.type, source_adapter)
    for name, target in config.targets.items():
        yield from _told(document, ("targets", name), target.type, target_adapter)


def misfits(document: Document, config: Config, policies: Mapping[str, Policy]) -> Iterator[Fault]:
    """
    Yield what is wrong with a target's url, and with a policy for which the target has no place.

    Nothing is asked of the environment: a url that needs it is passed over. Wrong settings are faults already.
    """
    for name, target in config.targets.items():
        place = ("targets", name)
        try:
            adapter, checked = _checked(document, place, target.type, target_adapter)
        except InputError:
            continue
        if adapter.address and "${" not in target.url:
            yield from _raised(adapter.address, target.url, document, (*place, "url"))
        if adapter.fit and name in policies and not checked.faults:
            opening = _as_written(name, target, msgspec.convert(checked.value, adapter.settings), policies[name])
            yield from _raised(adapter.fit, opening, document, (*place, "policy"))


def _as_written(name: str, target: TargetConfig, settings: Struct, policy: Policy) -> Opening[Any]:
    """
    Return what an adapter is told, without anything of the environment: enough to hold a policy against.
    """
    return Opening(
        name=name,
        url=target.url,
        written=target.url,
        settings=settings,
        home=Path(),
        role_groups=frozenset(policy.roles.administrator.groups),
        policy=policy,
    )


def _raised(
    check: Callable[[Any], object], value: object, document: Document, place: tuple[str, ...]
) -> Iterator[Fault]:
    """
    Yield what a check raises, as a fault of the place that it is about.
    """
    try:
        check(value)
    except (UsageError, TargetError) as error:
        yield Fault(document.path, document.line(place), f"{'.'.join(place)}: {error.message}", error.hint)


def _told(
    document: Document, place: tuple[str, str], kind: str, find: Callable[[str], Adapter]
) -> tuple[Fault, ...]:
    try:
        return _checked(document, place, kind, find)[1].faults
    except InputError as error:
        return error.faults


def _checked(
    document: Document, place: tuple[str, str], kind: str, find: Callable[[str], Adapter]
) -> tuple[Adapter, Checked]:
    """
    Return the adapter of a type, and the settings at a place held against its own; raises InputError for the type.
    """
    try:
        adapter = find(kind)
    except UsageError as error:
        line = document.line((*place, "type"))
        told = f"{'.'.join(place)}.type: {error.message}"
        raise InputError((Fault(document.path, line, told, error.hint),)) from error
    return adapter, check_part(document, (*place, "settings"), msgspec.json.schema(adapter.settings))


def _filled(checked: Checked, form: type[Struct], environ: Mapping[str, str], *, where: str) -> Struct:
    """
    Return checked settings as their type, each `${NAME}` replaced.
    """
    if checked.faults:
        raise InputError(checked.faults)
    try:
        return msgspec.convert(_expanded(checked.value, environ, where), form)
    except msgspec.ValidationError as error:
        # Its message may hold the value, and the value came from the environment.
        _, _, path = str(error).rpartition(" - at ")
        told = f"{where}: settings are wrong once the environment's values stand in them, at {path or 'their root'}"
        raise UsageError(told, hint="look at the variable that is named there") from None


def _expanded(value: Tree, environ: Mapping[str, str], where: str) -> Tree:
    """
    Return settings with each `${NAME}` of their text replaced; raises UsageError where a variable is unset.
    """
    if isinstance(value, dict):
        return {key: _expanded(inner, environ, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, environ, where) for inner in value]
    return expanded(value, environ, where=where) if isinstance(value, str) else value
