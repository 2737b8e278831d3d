"""
The stories that `reconciler demo` can tell, one a system.
"""

from pathlib import Path

from msgspec import Struct

from reconciler.cli import story, story_atlassian, story_baw, story_ldap
from reconciler.cli.stage import DATABASE, Step


class Story(Struct, frozen=True, kw_only=True):
    """
    One story: what it tells, where its target lies, its steps, and commands that show what it left.
    """

    about: str
    database: Path
    steps: tuple[Step, ...]
    left: tuple[tuple[str, str], ...]


STORIES: dict[str, Story] = {
    "openpages": Story(
        about="Reconciler keeps a system's users, groups, profiles and roles equal to what Git says.",
        database=DATABASE,
        steps=story.STEPS,
        left=(
            ("git log", "who decided what, when, and by which run"),
            ("cat state/overrides/ann.yaml", "what Git wants, and Ann's administrator does not"),
            ("reconciler owners ann.muster@example.com", "who owns which of her fields"),
            ("reconciler audit --user bob.keller@example.com", "what became of Bob, from Git alone"),
        ),
    ),
    "ldap-import": Story(
        about="A repository imports whom somebody chose from its directories.",
        database=story_ldap.DATABASE,
        steps=story_ldap.STEPS,
        left=(
            ("git log", "who chose whom, when, and by which run"),
            ("cat state/overrides/*.yaml", "the choices"),
            ("reconciler import berlin '*'", "who else could be imported"),
            ("reconciler audit --user andarm", "what became of Anders, from Git alone"),
        ),
    ),
    "atlassian": Story(
        about="An identity provider feeds an organisation in which groups of the same names are there already.",
        database=story_atlassian.DATABASE,
        steps=story_atlassian.STEPS,
        left=(
            ("git log", "who decided what, when, and by which run"),
            ("cat state/overrides/groups/*.yaml", "the decisions"),
            ("reconciler groups review", "what still waits"),
            ("reconciler audit --user lee", "what became of Lee, from Git alone"),
        ),
    ),
    "baw": Story(
        about="A registry's groups come when the server starts, its users when they are searched for or log in.",
        database=story_baw.DATABASE,
        steps=story_baw.STEPS,
        left=(
            ("git log", "each start, search and login, and what it did"),
            ("reconciler audit --user ann", "what became of Ann, from Git alone"),
            ("reconciler plan --scope login:bob", "what a login of Bob would do"),
        ),
    ),
}


def opening(told: Story, folder: Path) -> str:
    """
    Return what is said before the first step.
    """
    return (
        f"{told.about}\nThis is its story in {_NUMBERS[len(told.steps)]} steps, told on an embedded database in\n"
        f"  {folder}\n"
        "Every line that begins with $ was run there as it stands; a # says what somebody else did.\n"
    )


def ending(told: Story, folder: Path) -> str:
    """
    Return what is said after the last one: what can be looked at.
    """
    wide = max(len(command) for command, _ in told.left)
    commands = "\n".join(f"  {command:{wide}}    {what}" for command, what in told.left)
    return (
        "\nThe story went as told. What it left is yours to look at:\n\n"
        f"  cd {folder}\n{commands}\n\n"
        "A repository of your own: reconciler init DIR\n"
    )


_NUMBERS = {5: "five", 6: "six"}
