"""The Data tab: choosing pictures, what was understood of them, and how they are split.

Start at ``tab``. How pictures come in is in ``sources``, what is shown of them in ``view``; ``templates`` has its HTML.
"""
