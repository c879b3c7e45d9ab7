"""Fine-tuning: from the settings of a run to a finished model, as a stream of events that can stop and go on.

Start at ``session``, which does one training, and ``loop``, one epoch of it. ``setup`` and ``plan`` resolve automatic
settings, ``jobs`` is the queue, ``features`` and ``probe`` are the fast path through frozen layers.
"""
