"""What any web server of the studio offers to those who run it, without gradio: health, figures, limits.

``routes`` has the two addresses, ``health`` and ``metrics`` what they answer, ``faults`` remembers the last failure,
``counted`` counts requests, ``connections`` closes those that never finish.
"""
