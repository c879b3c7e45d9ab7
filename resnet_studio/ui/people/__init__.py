"""Signing in: what stands in front of the page where there are accounts.

``gate`` is asked about every request: who sends it, and may they; it keeps the events of people apart (``events``).
``pages`` are the page to sign in at and the ones about accounts and the class, ``routes`` what these send to, which
``asked`` reads, ``lesson`` the page of the teacher. ``cookie`` is the one that holds the token of a session.
"""
