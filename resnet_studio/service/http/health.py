"""Whether the server can do its work: for uptime monitors, load balancers and whoever is on call.

``ok``: all is well. ``degraded``: it answers, and something needs a look. ``failing``: trainings and uploads are being
refused; the status is 503 then. Restarting mends none of this, so it is a check of readiness and not of liveness.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resnet_studio.service.http.faults import Faults
from resnet_studio.service.http.metrics import Queue
from resnet_studio.space import free_bytes, room
from resnet_studio.version import __version__


@dataclass(frozen=True)
class Health:
    """What is looked at: the disk of the workspace at ``root``, the ``queue``, the ``device``, the last failure."""

    root: Path
    queue: Queue
    faults: Faults
    device: Callable[[], str] = lambda: ""
    closing: Callable[[], bool] = lambda: False

    def look(self, *, figures: bool) -> tuple[int, dict[str, Any]]:
        """The status of the answer, and what it says.

        Without ``figures`` there are only verdicts, which may be known to anybody: no sizes, no device, no errors.
        """
        disk, writable = room(self.root), os.access(self.root, os.W_OK)
        running, waiting = len(self.queue.running()), len(self.queue.queued())
        queue = "ok" if running or not waiting or disk != "full" else "stopped"
        status = "degraded" if disk == "low" or queue != "ok" else "ok"
        if disk == "full" or not writable or self.closing():
            status = "failing"
        checks = {"disk": disk if writable else "read-only", "queue": queue}
        found: dict[str, Any] = {"status": status, **checks}
        if figures:
            last = self.faults.last
            found = {
                "status": status,
                "version": __version__,
                "disk": {"state": checks["disk"], "free_bytes": free_bytes(self.root)},
                "queue": {"state": queue, "running": running, "waiting": waiting},
                "device": self.device() or None,
                "last_error": last.to_json() if last else None,
            }
        return 503 if status == "failing" else 200, found
