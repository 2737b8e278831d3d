"""
HTTP for every adapter that needs it: asked with patience, in bounded numbers, and with credentials for one origin.
"""
