"""Figures for Prometheus: each server has a registry of its own, so that several can live in one process.

Nothing in them says what a run, a data set, a class or a person is called.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from resnet_studio.events import EpochFinished, Event, Failed, Finished, Interrupted, Started
from resnet_studio.service.http.faults import Fault
from resnet_studio.version import __version__

PREFIX = "resnet_studio"
CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram of predictions: half a second is what people notice."""


class Queue(Protocol):
    """What trains and what waits, by id."""

    def running(self) -> Sequence[str]:
        """What is being trained."""
        ...

    def queued(self) -> Sequence[str]:
        """What waits."""
        ...


class Metrics:
    """The figures of one server; ``registry`` takes more collectors."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._trainings = self._counter("trainings", "Trainings of this server that began or ended", "event")
        self._epochs = self._counter("epochs", "Epochs that this server trained")
        self._predictions = self._counter("predictions", "Pictures that models were asked about", "kind")
        self._uploads = self._counter("uploads", "Uploads that were taken in")
        self._upload_bytes = self._counter("upload_bytes", "Bytes of uploads that were taken in")
        self._errors = self._counter("errors", "Failures of the server itself", "kind")
        self._requests = self._counter("http_requests", "Answers to requests by the class of their status", "status")
        self._limited = self._counter("limited", "Requests that a limit refused", "limit")
        self._seconds = Histogram(
            f"{PREFIX}_prediction_seconds", "Time from a question to the answer of a model", ["kind"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip

    def watch(self, root: Path, queue: Queue) -> None:
        """Add what is looked up whenever somebody asks: the queue, and the disk of the workspace at ``root``."""
        self.registry.register(_Looked(root, queue))

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)

    def training(self, event: Event) -> None:
        """Count an event of a training."""
        if isinstance(event, EpochFinished):
            self._epochs.inc()
        elif isinstance(event, Started | Finished | Failed | Interrupted):
            name = event.reason if isinstance(event, Finished) else type(event).__name__.lower()
            self._trainings.labels(name).inc()

    @contextmanager
    def predicting(self, kind: str, pictures: int = 1) -> Iterator[None]:
        """Time the answer for so many ``pictures``; ``kind`` says who asked: ``picture``, ``live``, ``many``, ``api``.

        One that fails is not counted, and neither is one without a picture.
        """
        begun = time.perf_counter()
        yield
        if not pictures:
            return
        self._seconds.labels(kind).observe(time.perf_counter() - begun)
        self._predictions.labels(kind).inc(pictures)

    def uploaded(self, size: int) -> None:
        """Count an upload of ``size`` bytes."""
        self._uploads.inc()
        self._upload_bytes.inc(size)

    def failed(self, fault: Fault) -> None:
        """Count a failure of the server."""
        self._errors.labels(fault.kind).inc()

    def answered(self, status: int) -> None:
        """Count an answer."""
        self._requests.labels(f"{status // 100}xx").inc()

    def limited(self, limit: str) -> None:
        """Count what ``limit`` refused."""
        self._limited.labels(limit).inc()

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", help, labels, registry=self.registry)


class _Looked(Collector):
    """What is true at the moment of asking."""

    def __init__(self, root: Path, queue: Queue) -> None:
        self._root = root
        self._queue = queue

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures of this moment."""
        info = GaugeMetricFamily(f"{PREFIX}_build_info", "Always 1; the label has the version", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield _gauge("queue_running", "Trainings at work", len(self._queue.running()))
        yield _gauge("queue_waiting", "Trainings that wait", len(self._queue.queued()))
        try:
            usage = shutil.disk_usage(self._root)
        except OSError:
            return
        yield _gauge("disk_free_bytes", "Free on the disk of the workspace", usage.free)
        yield _gauge("disk_total_bytes", "Size of the disk of the workspace", usage.total)


def _gauge(name: str, help: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", help, value=value)
