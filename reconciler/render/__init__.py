"""
A plan as text, Markdown, JSON or a deepdiff; decides nothing.
"""
