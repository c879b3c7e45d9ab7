"""The network: its anatomy, its starting weights, and the one file that a finished model is.

Start at ``architecture``, the registry; ``resnet`` builds a network, ``weights`` finds starting weights.
``checkpoint`` and ``card`` are the file of a finished model, ``export`` writes it for other programs.
"""
