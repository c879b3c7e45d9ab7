"""Starts the browser app; also the entry point of a Hugging Face Space."""

from resnet_studio import compiler
from resnet_studio.ui.app import serve

if __name__ == "__main__":
    compiler.leave_out()
    serve()
