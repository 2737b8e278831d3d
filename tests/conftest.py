"""
What holds for every test: Git knows no person and no machine, and hypothesis gives every run the same cases.
"""

import os

from hypothesis import settings

# Whoever runs the tests may be in the middle of a commit, may sign commits, or may have told Git no name at all.
for name in [name for name in os.environ if name.startswith("GIT_")]:
    del os.environ[name]
os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
os.environ["GIT_CONFIG_NOSYSTEM"] = "1"

# A shared core misses any deadline; a red test must be red again when it is run again.
settings.register_profile("same cases", deadline=None, derandomize=True, database=None)
settings.load_profile("same cases")
