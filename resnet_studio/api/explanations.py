"""The Python API of heat maps: where a network looked.

>>> import resnet_studio as studio
>>> studio.explain("last", "cat.jpg").overlay.save("why.png")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

from resnet_studio.api import checkpoint_path
from resnet_studio.api.results import sources_of
from resnet_studio.errors import ConfigError, StudioError
from resnet_studio.model.architecture import Stage
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from resnet_studio.api.results import Pictures
    from resnet_studio.evaluation.heatmaps import HeatMap

LARGEST_SIDE = 1024
"""The long side, px, of the pictures that are shown beside their heat map."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Where the network looked in one ``picture`` (upright, RGB) for the class called ``name``.

    ``found`` has all figures; ``label`` is the class that the network names, ``probability`` how sure it is.
    """

    picture: Image.Image
    found: HeatMap
    classes: tuple[str, ...]

    @property
    def label(self) -> str:
        """The class that the network names."""
        return self.classes[self.found.predicted]

    @property
    def probability(self) -> float:
        """Of the class that the network names."""
        return float(self.found.probabilities[self.found.predicted])

    @property
    def name(self) -> str:
        """The class that the map is of."""
        return self.classes[self.found.label]

    @property
    def values(self) -> NDArray[np.float32]:
        """What each cell of the network's view speaks for the class, float32 [h, w]."""
        return self.found.values

    @property
    def heat(self) -> NDArray[np.float32]:
        """Heat 0..1 over the whole picture, float32 [height, width]; NaN where the network saw nothing."""
        return self.found.over(*self.picture.size)

    @property
    def overlay(self) -> Image.Image:
        """The picture with the heat map over it."""
        from resnet_studio.evaluation.overlay import blended

        return blended(self.picture, self.found)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; ``box`` and ``peak`` are shares of the picture's width and height."""
        best = self.found.probabilities.argsort()[::-1][:5]
        box, peak = self.found.box, self.found.peak
        return {
            "label": self.label,
            "probability": round(self.probability, 6),
            "class": self.name,
            "class_probability": round(float(self.found.probabilities[self.found.label]), 6),
            "method": self.found.method,
            "layer": self.found.layer,
            "peak": [round(each, 4) for each in peak],
            "box": None if box is None else [round(each, 4) for each in box],
            "view": [round(each, 4) for each in self.found.place],
            "top": [[self.classes[at], round(float(self.found.probabilities[at]), 6)] for at in best.tolist()],
        }


def explain(
    run: Run | str | Path,
    picture: str | Path | Image.Image,
    *,
    class_name: str | None = None,
    layer: Stage = "layer4",
    workspace: Workspace | None = None,
    device: str = "auto",
) -> Explanation:
    """Where the network of ``run`` (a run or a checkpoint) looked in ``picture`` for a class, else for its answer.

    Raises :class:`ConfigError` for a class or layer that there is not, another :class:`StudioError` for a bad picture.
    """
    (found,) = explain_all(run, [picture], class_name=class_name, layer=layer, workspace=workspace, device=device)
    if isinstance(found, StudioError):
        raise found
    return found


def explain_all(
    run: Run | str | Path,
    pictures: Pictures,
    *,
    class_name: str | None = None,
    layer: Stage = "layer4",
    workspace: Workspace | None = None,
    device: str = "auto",
) -> Iterator[Explanation | StudioError]:
    """:func:`explain` for many ``pictures``, or one, one after the other; errors of pictures in place."""
    from resnet_studio.evaluation.heatmaps import heat_maps
    from resnet_studio.prediction import TAPPED, Predictor

    if layer not in TAPPED:
        raise ConfigError("error.explain.no_layer", name=layer, known=list(TAPPED))
    predictor = Predictor(checkpoint_path(run, workspace), device=device)
    classes = predictor.card.classes
    if class_name is not None and class_name not in classes:
        raise ConfigError("error.explain.no_class", name=class_name, known=list(classes))
    label = None if class_name is None else classes.index(class_name)
    sources = sources_of([pictures])
    for source, found in zip(sources, heat_maps(predictor, sources, label, layer=layer), strict=True):
        yield found if isinstance(found, StudioError) else Explanation(_shown(source), found, classes)


def _shown(picture: Path | Image.Image) -> Image.Image:
    """``picture`` upright, as people see it."""
    from resnet_studio.data.pictures import read_picture
    from resnet_studio.data.reading import AS_SEEN

    if isinstance(picture, Path):
        shown = read_picture(picture, draft_side=LARGEST_SIDE, reading=AS_SEEN)
    else:
        shown = ImageOps.exif_transpose(picture).convert("RGB")
    shown.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    return shown
