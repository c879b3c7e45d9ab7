"""The Results tab: how good the model of one run is, where it errs, and what can be downloaded.

Start at ``tab``. Matrix, pictures and downloads have a module each, ``view`` has the rest; ``templates`` has its HTML.
"""
