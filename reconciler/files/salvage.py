"""
What is left of a YAML file once the entry that cannot be read is taken out.

A parser stops at its first surprise. People want all faults of a file at once, so the entry with the surprise is
blanked, line by line so that positions stay, and the rest is read again.
"""

from itertools import pairwise

BUDGET = 5_000_000
"""How many characters are read again, all readings of a file together: each unreadable entry costs one."""


def without_entry(text: str, line: int) -> str | None:
    """
    Return `text` with the entry that holds `line` blanked; None where there is none, or the text is no list.

    An entry begins with a dash at the very left. Of a mapping no part can be spared: every key says something that
    the rest needs.
    """
    lines = text.split("\n")
    starts = [number for number, content in enumerate(lines) if content and content[0] not in " #%"]
    if not starts or not lines[starts[0]].startswith("-"):
        return None
    for first, following in pairwise((*starts, len(lines))):
        if first < line <= following:
            return "\n".join((*lines[:first], *[""] * (following - first), *lines[following:]))
    return None
