"""
The draft of overrides for accounts that were there before, in a file where a person wants it.
"""

from collections.abc import Sequence
from pathlib import Path

from reconciler.core.adoption import Adoption
from reconciler.effects import effect
from reconciler.errors import UsageError
from reconciler.files.draft import draft_text


def write_draft(path: Path, table: Sequence[Adoption]) -> None:
    """
    Make the new file `path` hold the draft; raises UsageError where it cannot be, or where something lies there.
    """
    try:
        with effect("write", path), path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(draft_text(table))
    except FileExistsError:
        hint = "name a file that is not: nothing is overwritten"
        raise UsageError(f"{path} is there already", hint=hint) from None
    except OSError as error:
        told = f"{path}: the draft cannot be written there ({error.strerror})"
        raise UsageError(told, hint="name a file in a folder that is there") from error
