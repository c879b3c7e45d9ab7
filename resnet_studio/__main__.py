"""``python -m resnet_studio``."""

import gc
import sys

from resnet_studio.cli import main


def run() -> int:
    """The command line as a program of its own, which need not tidy up after itself."""
    gc.set_threshold(100_000, 20, 100)  # importing torch makes a million objects that stay: do not look through them
    status = main()
    gc.freeze()  # nor once more at the end, which takes a second
    return status


if __name__ == "__main__":
    sys.exit(run())
