"""Looking after a workspace for months: copies of it, what was deleted and may come back, who did what.

``snapshot`` freezes what is being written to, ``backup`` writes it as one file, ``restore`` makes a workspace of that.
"""
