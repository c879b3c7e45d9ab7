"""``python -m resnet_studio.service.export_process WORKSPACE RUN FORMAT FILE``: one export, apart from the server.

The last line of its output is JSON: empty, or the ``key`` and ``values`` of the text that says what went wrong, so that
the page can say it in the reader's language.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from resnet_studio import compiler
from resnet_studio.durable import disk_trouble
from resnet_studio.errors import StudioError


def main(workspace: str, run: str, format: str, file: str) -> dict[str, Any]:
    """Export, and what there is to say of it."""
    compiler.defer()
    from resnet_studio.api import exports as model_export_api
    from resnet_studio.workspace import Workspace

    try:
        opened = Workspace.open(Path(workspace))
        model_export_api.export(opened.run(run), format, file)
    except StudioError as error:
        return {"key": error.key, "values": error.values}
    except Exception as error:
        if (said := disk_trouble(error)) is not None:
            return {"key": said.key, "values": said.values}
        logging.getLogger(__name__).exception("the export of %s as %s failed", run, format)
        return {"key": ""}
    return {}


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):  # converters talk
        answer = main(*sys.argv[1:])
    sys.stdout.write(json.dumps(answer, default=str) + "\n")
