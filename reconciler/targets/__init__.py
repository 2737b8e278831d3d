"""
One system per file: read it, write it, convert to and from it.
"""
