"""Where it stands which other pictures a run is tested on."""

from __future__ import annotations

NONE = "none"
"""What the setting ``test_data`` says where there are none."""
DATASET = "dataset:"
"""What it begins with where it names a set of the workspace; anything else is a place that sets come from."""
FILE = "outside.json"
"""In the folder of a run: the pictures as the test part of a split, as in ``split.json``."""
