"""The pictures as the network sees them: its features in two dimensions, by principal components and by t-SNE."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.evaluation.heads import stratified
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.slow_parts import PartProgress, SlowPart, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Sample

MOST = 5_000
CHUNK = 128
COMPONENTS = 50
FEWEST = 10
PERPLEXITY = 30.0
PARTS = ("train", "validation", "test")
DRAFT = "pca"


@dataclass(frozen=True)
class PictureMap:
    """Pictures of a run: the ``part`` of each (0 train, 1 validation, 2 test), its ``index`` there, ``label`` and
    ``predicted`` class; ``pca`` and ``tsne`` have its place, from 0 to 1 on both axes.

    ``tsne`` is empty in a draft, which is there until it is computed. ``total``: pictures that there are; beyond 5,000
    some of each class are drawn. ``explained``: the share of the variance that the two principal components have.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    part: tuple[int, ...]
    index: tuple[int, ...]
    label: tuple[int, ...]
    predicted: tuple[int, ...]
    pca: tuple[tuple[float, float], ...]
    tsne: tuple[tuple[float, float], ...]
    total: int
    explained: float


class MapPart(SlowPart[PictureMap]):
    """Two maps of the pictures; t-SNE (van der Maaten and Hinton 2008) on the first 50 principal components."""

    name = "map"

    def steps(self, report: RunReport, progress: PartProgress) -> Generator[Step, None, PictureMap | None]:
        """See :class:`SlowPart`."""
        if report.report is None or not report.run.best.is_file():
            return None
        split = report.split
        every = [(at, i, each) for at, part in enumerate(PARTS) for i, each in enumerate(getattr(split, part))]
        chosen = _chosen(every)
        if len(chosen) < FEWEST:
            return None
        total, rows, answers, found = 2 * len(chosen), [], [], []
        for start in range(0, len(chosen), CHUNK):
            yield Step(start, total)
            some = chosen[start : start + CHUNK]
            activations = report.predictor.activations([split.path(sample) for _, _, sample in some])
            if activations.places:
                rows.append(np.asarray(activations.features, np.float32))
                answers += np.asarray(activations.logits).argmax(1).tolist()
                found += [some[place] for place in activations.places]
        if len(found) < FEWEST:
            return None
        components, explained = principal_components(np.concatenate(rows))
        draft = PictureMap(
            tuple(split.classes), tuple(each.name for _, _, each in found), tuple(at for at, _, _ in found),
            tuple(i for _, i, _ in found), tuple(each.label for _, _, each in found), tuple(answers),
            scaled(components[:, :2]), (), len(every), explained,
        )  # fmt: skip
        progress.save(DRAFT, self.to_json(draft))
        yield Step(len(chosen), total)
        return replace(draft, tsne=scaled(neighbour_embedding(components)))

    def draft(self, report: RunReport) -> PictureMap | None:
        """The map by principal components alone, while t-SNE is being computed; None where there is none yet."""
        stored = self.progress(report).load(DRAFT)
        return None if stored is None else self.from_json(stored)

    def to_json(self, value: PictureMap) -> dict[str, Any]:
        """See :class:`Part`."""
        return {**value.__dict__, "pca": [list(at) for at in value.pca], "tsne": [list(at) for at in value.tsne]}

    def from_json(self, stored: Any) -> PictureMap:
        """See :class:`Part`."""
        lists = ("classes", "names", "part", "index", "label", "predicted")
        places: dict[str, Any] = {
            name: tuple((float(x), float(y)) for x, y in stored[name]) for name in ("pca", "tsne")
        }
        rest: dict[str, Any] = {name: tuple(stored[name]) for name in lists}
        return PictureMap(**rest, **places, total=int(stored["total"]), explained=float(stored["explained"]))


MAP = MapPart()


def _chosen(every: Sequence[tuple[int, int, Sample]]) -> list[tuple[int, int, Sample]]:
    if len(every) <= MOST:
        return list(every)
    places = stratified([each.label for _, _, each in every], MOST / len(every), np.random.default_rng(0))
    return [every[place] for place in places]


def principal_components(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """``features`` [N, F] in at most 50 principal components [N, K], and the share of variance of the first two."""
    from sklearn.decomposition import PCA

    count = min(COMPONENTS, *features.shape)
    fitted = PCA(count, random_state=0)
    found: NDArray[np.float32] = fitted.fit_transform(features).astype(np.float32)
    if count < 2:
        found = np.pad(found, ((0, 0), (0, 2 - count)))
    return found, float(np.nan_to_num(fitted.explained_variance_ratio_[:2]).sum())


def neighbour_embedding(components: NDArray[np.float32]) -> NDArray[np.float32]:
    """t-SNE of ``components`` [N, K] in two dimensions [N, 2]."""
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    found: NDArray[np.float32] = TSNE(2, perplexity=perplexity, init="pca", random_state=0).fit_transform(components)
    return found


def scaled(places: NDArray[Any]) -> tuple[tuple[float, float], ...]:
    """``places`` [N, 2] from 0 to 1, with one scale for both axes."""
    low, high = places.min(0), places.max(0)
    span = float((high - low).max()) or 1.0
    centred = (places - (low + high) / 2) / span + 0.5
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in centred)
