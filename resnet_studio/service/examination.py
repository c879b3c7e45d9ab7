"""The doctor in a process of its own, for a page: it imports and computes what the server should not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from resnet_studio.errors import StudioError
from resnet_studio.workspace import Workspace

LONGEST_SECONDS = 300
ONE_AT_A_TIME = threading.Lock()


def examination(workspace: Workspace) -> dict[str, Any]:
    """What the command ``doctor --json`` says; one at a time. Raises :class:`StudioError` where it fails."""
    command = [sys.executable, "-m", "resnet_studio", "doctor", "--json", "--workspace", str(workspace.root)]
    try:
        with ONE_AT_A_TIME:
            done = subprocess.run(
                command, capture_output=True, stdin=subprocess.DEVNULL, timeout=LONGEST_SECONDS, check=False,
                cwd=Path(__file__).parents[2], env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
            )  # fmt: skip
        found = json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise StudioError("error.doctor.failed") from error
    if not isinstance(found, dict) or "report" not in found:
        raise StudioError("error.doctor.failed")
    return found
