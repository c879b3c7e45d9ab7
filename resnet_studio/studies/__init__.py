"""Many small runs that answer one question: one job with parts, each an ordinary run of a group.

A study makes its runs and reads what they came to; the queue trains them like any other. Start at ``repeats``.
"""
