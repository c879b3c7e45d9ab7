"""Figures for Prometheus of what is served: answers by class, how long they took, drift, how a shadow compares.

They name models and classes, so that they are only for those who may ask the models themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from resnet_studio.batching import Prediction
from resnet_studio.service.http.metrics import PREFIX
from resnet_studio.service.serving.models import Served

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
MODEL = ("model", "version")


class Figures:
    """Counts in ``registry``; ``models`` says what is served at this moment."""

    def __init__(self, registry: CollectorRegistry, models: Callable[[], Sequence[Served]]) -> None:
        def counter(name: str, help: str, *labels: str) -> Counter:
            return Counter(f"{PREFIX}_api_{name}", help, (*MODEL, *labels), registry=registry)

        self._pictures = counter("pictures", "Pictures that were answered, or could not be read", "outcome")
        self._classes = counter("answers", "Answers by their class", "label")
        self._unknown = counter("unknown", "Answers that are none of the classes")
        self._shadow = counter("shadow", "Answers of a shadow model by whether they agree", "agrees")
        self._seconds = Histogram(
            f"{PREFIX}_api_seconds", "Time from the whole request to its answer", MODEL, buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self.waiting = Gauge(f"{PREFIX}_api_waiting", "Pictures at work or waiting", registry=registry)
        registry.register(_Drift(models))

    def answered(self, served: Served, found: Sequence[object], seconds: float) -> None:
        """Note the answers to one request, and how long they took."""
        labels = served.name, served.version
        self._seconds.labels(*labels).observe(seconds)
        for each in found:
            if not isinstance(each, Prediction):
                self._pictures.labels(*labels, "unreadable").inc()
                continue
            served.drift.add(each.label, unknown=each.unknown)
            self._pictures.labels(*labels, "answered").inc()
            self._classes.labels(*labels, each.label).inc()
            if each.unknown:
                self._unknown.labels(*labels).inc()

    def compared(self, shadow: Served, ours: Sequence[object], theirs: Sequence[object]) -> None:
        """Note how the answers of a shadow compare with those that were returned."""
        for a, b in zip(ours, theirs, strict=True):
            if isinstance(a, Prediction) and isinstance(b, Prediction):
                agrees = a.label == b.label and a.unknown == b.unknown
                self._shadow.labels(shadow.name, shadow.version, "yes" if agrees else "no").inc()


class _Drift(Collector):
    """Looked up whenever somebody asks."""

    def __init__(self, models: Callable[[], Sequence[Served]]) -> None:
        self._models = models

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures of this moment."""
        labels = [*MODEL, "kind"]
        drifted = GaugeMetricFamily(
            f"{PREFIX}_api_drifted", "1 while answers have drifted from validation", labels=labels
        )
        change = GaugeMetricFamily(f"{PREFIX}_api_drift", "Change of shares against validation, 0 to 1", labels=labels)
        for served in self._models():
            for found in served.drift.findings():
                if found.state in ("stable", "drifted"):
                    key = [served.name, served.version, found.kind]
                    drifted.add_metric(key, float(found.state == "drifted"))
                    change.add_metric(key, found.change)
        yield drifted
        yield change
