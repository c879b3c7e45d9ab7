"""Pictures with their classes: how they come in, what is found in them, how they are split and read for training.

Start at ``opening``, which opens any source; ``dataset`` is what the rest of the package sees of it. ``checkup`` says
what is worth knowing, ``decode`` and ``pixels`` read a picture, ``augment`` changes it.
"""
