"""
The desk of the command line's tests, for those who mean it no good.
"""

from tests.cli.conftest import converged, seated, settled, unplanned

__all__ = ["converged", "seated", "settled", "unplanned"]
