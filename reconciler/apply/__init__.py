"""
A decision becomes true: fence, intents, writes, record, in the order of ownership.md.
"""
