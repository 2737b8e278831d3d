"""
What tests of the review of groups ask of a world, and what a reviewer merges.
"""

from reconciler.core.ruling import Review
from tests.world import World


def reviewed(world: World, name: str = "staff") -> Review:
    """
    Return the review of the group of that name.
    """
    return next(one for one in world.decide().reviews if one.contest.called == name)


def decide(world: World, verb: str, name: str = "staff", **more: str) -> None:
    """
    Merge what a reviewer decided after a look at the memberships as they are now.
    """
    world.git_says(group=name, decision=verb, reviewed=reviewed(world, name).contest.digest, **more)


def standing(world: World, name: str = "staff") -> str:
    """
    Return how the group in conflict stands.
    """
    return reviewed(world, name).contest.standing


def names(review: Review) -> tuple[list[str], list[str]]:
    """
    Return the names of those who would join, and of those who would leave.
    """
    return [one.name for one in review.joins], [one.name for one in review.leaves]
