"""Charts and drawings as SVG in the colours of the page.

Start at ``charts``, the curves of runs; ``plot`` draws one pair of axes, ``axes`` does its arithmetic, ``network``
draws the stages of the network. ``templates`` has the markup.
"""
