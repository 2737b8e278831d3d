"""
A second world that is as the first one stands: what is tried in it never happened in the first.
"""

import copy
import shutil
from itertools import count

from tests.targets.memory import MemoryTarget
from tests.world import MemoryStore, World

NUMBERS = count(1)


def twin(world: World) -> tuple[World, MemoryTarget]:
    """
    Return a world that stands where `world` stands, and its target; its journal lies beside the other's.
    """
    assert isinstance(world.target, MemoryTarget)
    other, target = copy.copy(world), world.target.twin()
    other.target, other.store = target, MemoryStore()
    other.store.commits = list(world.store.commits)
    other.folder = world.folder.parent / f"twin-{next(NUMBERS)}"
    if world.folder.exists():
        shutil.copytree(world.folder, other.folder)
    other.people, other.groups, other.manifest = dict(world.people), dict(world.groups), dict(world.manifest)
    other.overrides, other.waivers = list(world.overrides), list(world.waivers)
    return other, target
