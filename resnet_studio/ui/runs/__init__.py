"""The Runs tab: all runs in a table, studies, and runs side by side.

Start at ``tab``. ``view`` makes the table, ``compare`` the comparison, ``studies`` the lines of studies; ``templates``
has its HTML.
"""
