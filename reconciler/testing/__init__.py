"""
Contracts that adapters pass, for whoever writes one: inherit in a test module of your own, and run pytest.
"""

import pytest

pytest.register_assert_rewrite(
    "reconciler.testing.sources",
    "reconciler.testing.targets",
    "reconciler.testing.targets_edited",
    "reconciler.testing.targets_kept",
    "reconciler.testing.writes",
)
