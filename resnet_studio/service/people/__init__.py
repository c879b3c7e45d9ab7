"""Accounts: who uses a studio that several people share, and what each of them may do; without gradio.

Start with ``rules``, the one rule of who may do what with which thing, and ``declared``, which says of every route and
every handler of the page whom it is for. ``store`` keeps people and their sessions in a file of the workspace,
``schema`` is the layout of that file and its migrations; ``secrets_of`` hashes passwords, ``brake`` slows guesses down.
``accounts`` is what a page does with all of these: signing in, joining a class, passwords.
"""
