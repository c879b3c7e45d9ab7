"""The Data tab; start at ``tab``. How pictures come in is in ``sources``, what is shown of them in ``view``."""
