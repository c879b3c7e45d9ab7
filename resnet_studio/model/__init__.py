"""The network: its anatomy, its starting weights, and the one file that a finished model is."""
