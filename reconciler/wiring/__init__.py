"""
Configuration becomes sources, targets and stores: the one registry, and the one reader of the environment.
"""
