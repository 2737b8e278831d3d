"""
The command line: which commands there are, and what every outcome means as an exit code.

130 interrupted; 70 a bug in the tool; 2 usage; 1 failed or partial; 3 held; 4 changes (`plan --check`); 0 done.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click

from reconciler import __version__
from reconciler.cli.leaving import begin
from reconciler.cli.session import complain
from reconciler.errors import ReconcilerError

BUG, INTERRUPTED = 70, 130


# Each command is loaded when it is called, so that `--help` needs nothing but the words below.


def _plan() -> click.Command:
    from reconciler.cli.plan import plan  # noqa: PLC0415  loaded when called

    return plan


def _apply() -> click.Command:
    from reconciler.cli.apply import apply  # noqa: PLC0415  loaded when called

    return apply


def _demo() -> click.Command:
    from reconciler.cli.demo import demo  # noqa: PLC0415  loaded when called

    return demo


def _init() -> click.Command:
    from reconciler.cli.init import init  # noqa: PLC0415  loaded when called

    return init


def _export() -> click.Command:
    from reconciler.cli.export import export  # noqa: PLC0415  loaded when called

    return export


def _import() -> click.Command:
    from reconciler.cli.importing import import_  # noqa: PLC0415  loaded when called

    return import_


def _validate() -> click.Command:
    from reconciler.cli.validate import validate  # noqa: PLC0415  loaded when called

    return validate


def _login() -> click.Command:
    from reconciler.cli.triggers import login  # noqa: PLC0415  loaded when called

    return login


def _search() -> click.Command:
    from reconciler.cli.triggers import search  # noqa: PLC0415  loaded when called

    return search


def _start() -> click.Command:
    from reconciler.cli.triggers import start  # noqa: PLC0415  loaded when called

    return start


def _sync_users() -> click.Command:
    from reconciler.cli.triggers import sync_users  # noqa: PLC0415  loaded when called

    return sync_users


def _sync_groups() -> click.Command:
    from reconciler.cli.triggers import sync_groups  # noqa: PLC0415  loaded when called

    return sync_groups


def _serve() -> click.Command:
    from reconciler.cli.serve import serve  # noqa: PLC0415  loaded when called

    return serve


def _owners() -> click.Command:
    from reconciler.cli.owners import owners  # noqa: PLC0415  loaded when called

    return owners


def _take() -> click.Command:
    from reconciler.cli.transfer import take  # noqa: PLC0415  loaded when called

    return take


def _give() -> click.Command:
    from reconciler.cli.transfer import give  # noqa: PLC0415  loaded when called

    return give


def _undo() -> click.Command:
    from reconciler.cli.undo import undo  # noqa: PLC0415  loaded when called

    return undo


def _explain() -> click.Command:
    from reconciler.cli.explain import explain  # noqa: PLC0415  loaded when called

    return explain


def _policy() -> click.Command:
    from reconciler.cli.policy import policy  # noqa: PLC0415  loaded when called

    return policy


def _doctor() -> click.Command:
    from reconciler.cli.doctor import doctor  # noqa: PLC0415  loaded when called

    return doctor


def _groups() -> click.Command:
    from reconciler.cli.groups import groups  # noqa: PLC0415  loaded when called

    return groups


def _audit() -> click.Command:
    from reconciler.cli.audit import audit  # noqa: PLC0415  loaded when called

    return audit


def _rebase_ledger() -> click.Command:
    from reconciler.cli.rebase import rebase_ledger  # noqa: PLC0415  loaded when called

    return rebase_ledger


def _github() -> click.Command:
    from reconciler.cli.github import github  # noqa: PLC0415  loaded when called

    return github


COMMANDS: dict[str, tuple[Callable[[], click.Command], str]] = {
    "demo": (_demo, "Tell the whole story on a database in a new folder."),
    "init": (_init, "Make a state repository that plans at once."),
    "export": (_export, "Read what a cloud printed into state/exports/."),
    "import": (_import, "Search a source, and choose whom to import."),
    "validate": (_validate, "Check every file: all faults at once, each with its line."),
    "plan": (_plan, "Say what would change, and change nothing."),
    "apply": (_apply, "Make the target what Git says, and record it."),
    "login": (_login, "Look at one user who has just logged in."),
    "search": (_search, "Make the users that a search finds."),
    "start": (_start, "Look at all groups, as when the server starts."),
    "sync-users": (_sync_users, "Make some users what Git says, or all known ones."),
    "sync-groups": (_sync_groups, "Make some groups what Git says, or all known ones."),
    "serve": (_serve, "Answer these five over HTTP."),
    "owners": (_owners, "Say who owns which field."),
    "take": (_take, "Write the override that takes a field back to Git."),
    "give": (_give, "Write the override that gives a field to the target's admin."),
    "undo": (_undo, "Write the overrides that take back what a run changed."),
    "explain": (_explain, "Say where each desired value of a person comes from."),
    "policy": (_policy, "Show what a policy resolves to, and where each rule stands."),
    "doctor": (_doctor, "Say what a target can and cannot do, or measure it."),
    "groups": (_groups, "Review groups whose names are taken, and decide."),
    "audit": (_audit, "Say who owned and changed what, when, from Git alone."),
    "github": (_github, "Plan, apply and export in GitHub Actions."),
    "rebase-ledger": (_rebase_ledger, "Accept a restored target, or a lost ledger."),
}


class Commands(click.Group):
    """
    The commands by name; the modules behind them are loaded when one is called.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """
        Return the names of the commands, in the order in which a newcomer needs them.
        """
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """
        Return the command of that name; None where there is none.
        """
        del ctx
        return COMMANDS[cmd_name][0]() if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """
        Return the command that the arguments name; raises UsageError, with the nearest name, where none is.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches  # noqa: PLC0415  only a mistyped name needs it

            near = get_close_matches(args[0], list(COMMANDS), 1)
            raise click.UsageError(error.message + (f" Did you mean {near[0]!r}?" if near else ""), ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        Write the commands with a line each.
        """
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Try `reconciler demo` first. Every command has --help with examples.",
)
@click.version_option(__version__, prog_name="reconciler")
def commands() -> None:
    """
    Keep a system's users, groups, profiles and roles equal to what Git says.

    Every change is shown for review before it happens, and what the system's own administrators decided is
    never overwritten.
    """


def run(arguments: Sequence[str]) -> int:
    """
    Return the exit code of a command line; whatever goes wrong is told on stderr.
    """
    begin()
    try:
        # `obj`: the demo runs other commands, and may not import the module that imports it
        result: Any = commands.main(list(arguments), prog_name="reconciler", standalone_mode=False, obj=run)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.Abort:
        complain("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except ReconcilerError as error:
        complain(error.message, error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except SystemExit:  # so click leaves where whoever read the answer has gone
        complain("nobody reads the answer any more, so nothing more was done", "read all of it, or use --limit")
        return ReconcilerError.exit_code
    except Exception as error:  # noqa: BLE001  whatever else comes is a bug, and must not look like an answer
        return _bug(error)
    return result if isinstance(result, int) else 0


def _bug(error: Exception) -> int:
    """
    Tell a failure that nobody expected, with what is needed to report it.
    """
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{where.name} ({where.filename}:{where.lineno})"
    told = f"a bug in reconciler {__version__}: {type(error).__name__} in {place}"
    complain(told, "nothing more was written; report it with the command you typed (RECONCILER_DEBUG=1 shows more)")
    if os.environ.get("RECONCILER_DEBUG"):
        traceback.print_exception(error)
    return BUG
