"""
A world of the stories as one value, with everybody in it: what the engine would sift.
"""

from reconciler.core.model import Inputs
from reconciler.core.scope import Scope
from reconciler.core.world import World as Everything
from tests.world import World


def whole_world(world: World, scope: Scope) -> Everything:
    """
    Return everything that a run of this scope would be decided from now.
    """
    return Everything(
        target="registry",
        identity=world.target.identity,
        equality=world.target.equality,
        export=world.export(),
        overrides=tuple(world.overrides),
        waivers=tuple(world.waivers),
        policy=world.policy,
        snapshot=world.target.read(),
        ledger=world.ledger,
        inputs=Inputs(),
        now=world.now,
        read_at=world.now,
        tool="test",
        scope=scope,
    )
