"""
`reconciler policy show`: what a policy resolves to, and where each rule stands.
"""

import click

from reconciler.cli.session import Session, answer, shared
from reconciler.render.json_text import json_text
from reconciler.wiring.policies import show_policy


@click.group(
    epilog="""
\b
Examples:
  reconciler policy show openpages
  reconciler policy show --help
"""
)
def policy() -> None:
    """
    Look at policies.
    """


@policy.command(
    epilog="""
\b
Examples:
  reconciler policy show openpages                 the policy of target openpages, or the preset where there is none
  reconciler policy show openpages --preset        what the preset alone says
  reconciler policy show openpages.yaml            a file below policies/
  reconciler policy show baw --format json
\b
Exit codes: 0 shown, 1 the policy has faults, 2 nothing has that name.
"""
)
@click.argument("name")
@click.option("--preset", is_flag=True, help="NAME is a preset, also where a target bears it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("yaml", "json")),
    default="yaml",
    show_default=True,
    help="How to print it.",
)
@shared
def show(*, session: Session, name: str, preset: bool, form: str) -> int:
    """
    Print what the policy NAME resolves to, each rule with its origin.

    NAME is a target, a file below policies/, or a preset, in this order. An origin is `preset NAME:LINE`,
    `FILE:LINE`, or `default` where neither says anything.
    """
    shown = show_policy(session.state, name, preset=preset)
    if form == "yaml":
        answer(shown.text)
        return 0
    answer(json_text({"name": name, "title": shown.title, "policy": shown.document, "origins": shown.origins}))
    return 0
