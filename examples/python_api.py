"""Train, score and use a classifier from Python.

    python examples/python_api.py                         the handwritten digits that come with the studio
    python examples/python_api.py photos.zip --epochs 5   your own pictures, one folder a class

What is trained lies in the workspace: ``$RESNET_STUDIO_WORKSPACE``, else ``resnet-studio`` in your home folder.
"""

from __future__ import annotations

import argparse

import resnet_studio as studio
from resnet_studio.events import EpochFinished, Event


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a classifier, score it and use it.")
    parser.add_argument("data", nargs="?", default="sample:digits", help="a folder or zip of class folders")
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()

    dataset = studio.open_data(options.data)
    print(f"{len(dataset.samples)} pictures of {', '.join(dataset.classes)}")

    # Whatever is not named here is chosen from the pictures and the machine, and written into the run.
    run = studio.train(dataset, on_event=show, freeze="layer4", epochs=options.epochs)
    print(f"trained {run.id}: {run.best}")

    report = studio.evaluate(run, dataset)
    print(f"right on {report.accuracy:.1%} of all pictures, those it learned from included")

    # A picture that cannot be read gives an error in its place, and the others their prediction.
    for sample in dataset.samples[:3]:
        (answer,) = studio.predict(run, dataset.path(sample))
        if isinstance(answer, studio.StudioError):
            print(f"{sample.name}: {answer}")
        else:
            print(f"{sample.name}: {answer.label} ({answer.probability:.0%})")


def show(event: Event) -> None:
    """Print the scores of each epoch; every event of the training comes here."""
    if isinstance(event, EpochFinished):
        print(f"epoch {event.epoch}: {event.validation_accuracy:.1%} of the validation pictures right")


if __name__ == "__main__":
    main()
