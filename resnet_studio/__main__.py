"""``python -m resnet_studio``."""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

from resnet_studio import compiler
from resnet_studio.cli import main


def run() -> NoReturn:
    """The command line as a program of its own.

    By its end all files are closed; taking apart a million objects that importing torch made would take a second more.
    """
    compiler.defer()
    gc.set_threshold(100_000, 20, 100)  # nor are they looked through again and again
    status = main()
    with suppress(OSError):  # the reader of the output may have left
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
