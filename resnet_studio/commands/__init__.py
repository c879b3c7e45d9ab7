"""What each command of the command line does: options in, a result for people and one for programs out.

Start at ``dispatch``, which knows which module does a command; the command line above it reads the options and
prints the results.
"""
