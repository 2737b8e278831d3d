"""
One cloud per file: raw shapes become canonical rows.
"""
