"""
Policies as they hold: a user's file laid over the preset it extends, with the origin of every rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.core.policy import Policy, build, overlay
from reconciler.errors import Fault
from reconciler.files.explain import close
from reconciler.files.placed import Pointer
from reconciler.files.scan import quoted
from reconciler.files.tree import Loaded, load, yaml_files

_PRESETS = Path(__file__).parent / "presets"


class Layer(Struct, frozen=True):
    """
    One file's rules; `place` is how its lines are named in an origin.
    """

    place: str
    value: dict[str, Any]
    lines: dict[Pointer, int]


class Policies(Struct, frozen=True):
    """
    The policies of a state folder, by file name, None for one that has faults; a target may name a preset too.
    """

    own: dict[str, Policy | None]
    faults: tuple[Fault, ...]

    @property
    def names(self) -> frozenset[str]:
        """
        Return everything that a target may name.
        """
        return frozenset({*self.own, *presets()})

    def named(self, name: str) -> Policy | None:
        """
        Return the policy of that name, a preset's where no file has it; None where there is none that is sound.

        A preset is read when it is asked for: four of them cost more than all else that a state folder holds.
        """
        if name in self.own or name not in presets():
            return self.own.get(name)
        return resolved([preset(name)])


def presets() -> tuple[str, ...]:
    """
    Return the names of the presets that come with the package, sorted.
    """
    return tuple(sorted(file.stem for file in _PRESETS.glob("*.yaml")))


@cache
def preset(name: str) -> Layer:
    """
    Return a preset's rules; `name` is one of `presets()`.
    """
    loaded = load(_PRESETS / f"{name}.yaml", _PRESETS, "policy")
    return Layer(f"preset {name}", loaded.checked.value, loaded.document.lines)


def policies(root: Path) -> Policies:
    """
    Return the policies of the state folder `root`.
    """
    found = yaml_files(root / "policies", nested=False)
    own: dict[str, Policy | None] = {}
    faults = list(found.faults)
    for file in found.files:
        loaded = load(file, root, "policy")
        told = [*loaded.checked.faults, *_unknown_preset(loaded), *_owned_by_element(loaded)]
        own[file.name] = None if told else resolved(_layers(loaded))
        faults += told
    return Policies(own, tuple(faults))


def resolved(layers: Sequence[Layer]) -> Policy:
    """
    Return the policy that the layers make, the lowest first.

    Origins are kept of each value, and of each mapping within a section: a rule may be either.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = overlay(merged, layer.value)
    rules = {key: value for key, value in merged.items() if key not in {"version", "extends"}}
    return build(rules, {".".join(map(str, pointer)): _origin(pointer, layers) for pointer in _rules(rules)})


def _layers(loaded: Loaded) -> list[Layer]:
    """
    Return the layers of a user's policy that has no fault.
    """
    value = loaded.checked.value or {}
    own = Layer(loaded.document.path, value, loaded.document.lines)
    return [preset(value["extends"]), own] if "extends" in value else [own]


def _unknown_preset(loaded: Loaded) -> Iterator[Fault]:
    """
    Yield a fault where a policy extends a preset that there is not.
    """
    value = loaded.checked.value
    name = value.get("extends") if isinstance(value, dict) else None
    if isinstance(name, str) and name and name not in presets():
        line = loaded.document.line(("extends",))
        yield Fault(loaded.document.path, line, f"extends {quoted(name)}: no such preset", close(name, presets()))


def _owned_by_element(loaded: Loaded) -> Iterator[Fault]:
    """
    Yield a fault for each set whose elements shall have owners of their own.

    A set has one owner; a rule that says otherwise must not be passed over.
    """
    for pointer, line in sorted(loaded.document.lines.items(), key=lambda entry: entry[1]):
        if pointer[-1:] == ("granularity",) and _at(loaded.checked.value, pointer) == "element":
            told = f"{pointer[-2]}: granularity element is not supported: a set is owned whole"
            yield Fault(loaded.document.path, line, told, "leave granularity out, or say field")


def _at(value: object, pointer: Pointer) -> object:
    """
    Return what a document holds at `pointer`; None where there is nothing.
    """
    for key in pointer:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _origin(pointer: Pointer, layers: Sequence[Layer]) -> str:
    """
    Return the place of the topmost layer that says something at `pointer`.
    """
    layer = next(layer for layer in reversed(layers) if pointer in layer.lines)
    return f"{layer.place}:{layer.lines[pointer]}"


def _rules(section: Mapping[str, Any], above: Pointer = ()) -> Iterator[Pointer]:
    """
    Yield where each rule of a resolved policy stands.
    """
    for key, value in section.items():
        pointer = (*above, key)
        mapping = isinstance(value, dict) and bool(value)
        if above or not mapping:
            yield pointer
        if mapping:
            yield from _rules(value, pointer)
