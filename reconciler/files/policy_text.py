"""
A resolved policy as a policy file: every rule there is, each with the place where it stands as a comment.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from reconciler.core.policy import Policy
from reconciler.files.new_override import flow, scalar

DEFAULT = "default"
"""The origin of a rule that neither preset nor file gives."""

Tree: TypeAlias = dict[str, Any]
_COLUMN = 64


class Rule(Struct, frozen=True):
    """
    One line of a resolved policy: where in it, its value (None with no origin: what stands below), its origin.
    """

    pointer: tuple[str, ...]
    value: Any
    origin: str


def rules_of(policy: Policy) -> tuple[Rule, ...]:
    """
    Return every rule that holds, in the order of the format, each with its origin.
    """
    return tuple(_rules(policy_tree(policy), policy.origins, ()))


def policy_tree(policy: Policy) -> Tree:
    """
    Return what a policy says as a document would say it, defaults written out.
    """
    tree: Tree = msgspec.to_builtins(policy)
    return {key: _written(value) for key, value in tree.items() if key not in {"digest", "origins"}}


def policy_text(policy: Policy, title: str) -> str:
    """
    Return the policy as YAML that can be read back, under a comment with the title.
    """
    lines = (_line(one) for one in rules_of(policy))
    return "\n".join((f"# {title}", "version: 1", *lines)) + "\n"


def _written(value: Any) -> Any:  # noqa: ANN401 - any rule's value
    """
    Return a value as a person would write it: `email: source` for a rule that says no more, 5 for 5.0.
    """
    if isinstance(value, Mapping):
        kept = {key: _written(inner) for key, inner in value.items() if (key, inner) != ("granularity", "field")}
        return kept["authority"] if kept.keys() == {"authority"} else kept
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _rules(tree: Tree, origins: Mapping[str, str], above: tuple[str, ...]) -> Iterator[Rule]:
    for key, value in tree.items():
        pointer = (*above, key)
        if isinstance(value, dict) and value:
            yield Rule(pointer, None, "")
            yield from _rules(value, origins, pointer)
        else:
            yield Rule(pointer, value, origins.get(".".join(pointer), DEFAULT))


def _line(one: Rule) -> str:
    """
    Return one line of YAML, its origin behind it.
    """
    key = "  " * (len(one.pointer) - 1) + scalar(one.pointer[-1]) + ":"
    if not one.origin:
        return key
    value = tuple(one.value) if isinstance(one.value, list) else one.value
    return f"{key} {flow(value)}".ljust(_COLUMN) + f"  # {one.origin}"
