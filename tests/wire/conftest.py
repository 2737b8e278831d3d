"""
The desk of the command line, for those who work on real servers.
"""

from tests.cli.conftest import seated, unplanned

__all__ = ["seated", "unplanned"]
