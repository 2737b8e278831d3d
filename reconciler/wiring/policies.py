"""
The policy that a name means: that of a target, a file of the state folder, or a preset.
"""

from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct

from reconciler.core.policy import Policy
from reconciler.errors import InputError, UsageError
from reconciler.files.policies import Policies, policies, presets
from reconciler.files.policy_text import policy_text, policy_tree, rules_of
from reconciler.files.state import read_state


class Shown(Struct, frozen=True, kw_only=True):
    """
    A policy as it holds: what it is (`the preset baw`), as YAML, as a document, and where its rules stand.
    """

    title: str
    text: str
    document: dict[str, object]
    origins: dict[str, str]


def show_policy(root: Path, name: str, *, preset: bool = False) -> Shown:
    """
    Return the policy that is meant: of a target, else of a file below policies/, else a preset.

    `preset` asks for the preset alone, where a target or file bears its name. Raises InputError where that policy
    has faults, UsageError where nothing has the name.
    """
    found = policies(root)
    if not preset and (target := _of_target(root, name)):
        return _shown(f"the policy of target {name}", target)
    file = Path(name).name if Path(name).parent == root / "policies" else name
    if not preset and file in found.own and file not in presets():
        return _shown(f"the policy file {file}", _sound(file, found))
    if name in presets():
        return _shown(f"the preset {name}", _sound(name, found))
    known = [*({} if preset else found.own), *presets()]
    near = get_close_matches(name, known, 1)
    what = "preset" if preset else "target, policy file or preset"
    hint = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(sorted({*known}))}"
    raise UsageError(f"there is no {what} {name!r}", hint=hint)


def _of_target(root: Path, name: str) -> Policy | None:
    """
    Return the policy of the target of that name; None where there is no such target.
    """
    reading = read_state(root)
    if reading.config is None or name not in reading.config.targets:
        return None
    if name not in reading.policies:
        raise InputError(reading.faults)
    return reading.policies[name]


def _sound(name: str, found: Policies) -> Policy:
    """
    Return the policy of that name; raises InputError with what is wrong with it.
    """
    policy = found.named(name)
    if policy is None:
        raise InputError(tuple(fault for fault in found.faults if Path(fault[0]).name == name))
    return policy


def _shown(title: str, policy: Policy) -> Shown:
    return Shown(
        title=title,
        text=policy_text(policy, title),
        document={"version": 1, **policy_tree(policy)},
        origins={".".join(one.pointer): one.origin for one in rules_of(policy) if one.origin},
    )
