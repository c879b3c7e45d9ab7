"""What a server writes to its log: warnings to the terminal, and more to a file in the workspace that is rotated."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

FOLDER, FILE = "logs", "studio.log"
MOST_BYTES, FILES = 5 * 2**20, 5
LOGGERS = ("resnet_studio", "uvicorn.error")
FORM = "%(asctime)s %(levelname)s %(name)s [%(threadName)s] %(message)s"


@contextmanager
def logging_to(root: Path) -> Iterator[Path | None]:
    """Log below the workspace ``root`` while the block runs; None where it cannot be written to."""
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [terminal]
    path: Path | None = root / FOLDER / FILE
    try:
        (root / FOLDER).mkdir(exist_ok=True)
        handlers.append(
            RotatingFileHandler(root / FOLDER / FILE, maxBytes=MOST_BYTES, backupCount=FILES - 1, encoding="utf-8",
                                errors="backslashreplace")
        )  # fmt: skip
    except OSError as error:
        path = None
        logging.getLogger(__name__).warning("there is no log file: %s", error)
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORM))
        for name in LOGGERS:
            logging.getLogger(name).addHandler(handler)
    level = logging.getLogger(LOGGERS[0]).level
    logging.getLogger(LOGGERS[0]).setLevel(logging.INFO)
    try:
        yield path
    finally:
        logging.getLogger(LOGGERS[0]).setLevel(level)
        for handler in handlers:
            for name in LOGGERS:
                logging.getLogger(name).removeHandler(handler)
            handler.close()
