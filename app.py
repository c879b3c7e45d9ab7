"""Starts the browser app; also the entry point of a Hugging Face Space. It takes the options of the command ``ui``."""

import sys

from resnet_studio import compiler
from resnet_studio.cli import main

if __name__ == "__main__":
    compiler.defer()
    sys.exit(main(["ui", *sys.argv[1:]]))
