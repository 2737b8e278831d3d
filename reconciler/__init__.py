"""
Reconciler keeps a system's users, groups, profiles and roles equal to what Git says.
"""

__version__ = "0.1.0"
