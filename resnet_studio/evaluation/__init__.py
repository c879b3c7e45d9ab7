"""How good a trained model is: scores with intervals, calibration, mistakes, comparisons, tables and plots.

Start at ``report``, which scores a model on test pictures. ``compare`` tests two runs against each other, ``tables``
and ``plots`` are what a run gives to take away. ``forecast`` says what more pictures should bring.
"""
