"""Predictions for many pictures: jobs in a folder of their own, which survive whatever ends the program.

Start at ``jobs`` (what a job is), then ``engine`` (how it is carried out); ``rows`` is what it has found, ``copies``
sorts copies of the pictures into class folders, ``export`` writes tables. ``arrivals``
and ``watching`` name the pictures of a folder as they come.
"""
