"""The card of the checkpoint of a run, written before the first step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio.data import views
from resnet_studio.data.by_model import MODEL
from resnet_studio.data.drawings import LOOKED_AT, are_drawings
from resnet_studio.model.checkpoint import Card, Preprocessing

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.reading import Reading
    from resnet_studio.model import weights
    from resnet_studio.training.batches import Part
    from resnet_studio.workspace import Run

CARD = "card.json"


def saved(run: Run) -> Card | None:
    """The card of a training that is resumed; None for a new one."""
    return Card.from_json(run.read_json(CARD)) if (run.folder / CARD).exists() else None


def new(
    run: Run,
    config: TrainConfig,
    classes: tuple[str, ...],
    origin: weights.Origin,
    end: views.Framed,
    reading: Reading,
    train: Part,
    widths: tuple[int, ...] = (),
) -> Card:
    """The card of a new training with a resolved ``config``, stored in the folder of ``run``."""
    card = Card(
        classes=classes,
        depth=config.depth,
        family=config.family,
        features=config.features,
        head=config.head,
        hidden_units=config.hidden_units,
        dropout=config.dropout,
        stem=config.stem,
        widths=widths,
        freeze=config.freeze,
        preprocessing=preprocessing_of(origin, end, reading, train),
        weights_origin=origin.to_json(),
        run=run.id,
        pseudo_labelled=sum(sample.labelled_by == MODEL for sample in train.samples),
    )
    run.write_json(CARD, card.to_json())
    return card


def preprocessing_of(origin: weights.Origin, end: views.Framed, reading: Reading, train: Part) -> Preprocessing:
    """What is sharper than training pictures that were enlarged is reduced first where that was measured to be better:
    drawings always, photographs never (held-out ones of a probe trained at 24 and 48 px were recognised better as they
    are, 0.72 to 0.81 against 0.67 to 0.75 of cats and dogs: ``benchmarks/sharper.py``).
    """
    native_side = views.native_side(train.samples, end.resize)
    some = train.pixels[:: max(1, len(train) // LOOKED_AT)][:LOOKED_AT].cpu().numpy()
    drawn = native_side > 0 and end.fit != "pad" and are_drawings(some)
    return Preprocessing(
        resize=end.resize,
        crop=end.side,
        mean=origin.mean,
        std=origin.std,
        colour_managed=reading.colour_managed,
        ranges=reading.ranges,
        fit=end.fit,
        native_side=native_side,
        reduces="all" if drawn else "drawings",
    )
