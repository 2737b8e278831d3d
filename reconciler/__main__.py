"""
The command `reconciler`, and `python -m reconciler`.
"""

import sys

from reconciler.cli.leaving import leave
from reconciler.cli.main import run


def main() -> None:
    """
    Run the command line and leave with its exit code.
    """
    leave(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
