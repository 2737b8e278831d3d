"""
What lies on disk: scanned, parsed, checked, written canonically.
"""
