"""Several models that answer together: the mean of their probabilities (Lakshminarayanan et al. 2017, 1612.01474)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resnet_studio.batching import BatchedModel, Pictures, decided
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.one_or_many import as_list
from resnet_studio.prediction import Prediction
from resnet_studio.thresholds import checked


def check_classes(named: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Raise :class:`CheckpointError` unless all models, pairs of a name and its classes, know the same classes."""
    first, known = named[0][0], set(named[0][1])
    for name, classes in named[1:]:
        if differing := sorted(known ^ set(classes)):
            raise CheckpointError("error.ensemble.classes", first=first, second=name, classes=differing[:5])


def mean_of(answers: Sequence[Prediction | StudioError], classes: Sequence[str]) -> Prediction | StudioError:
    """The mean of the probabilities of several ``answers`` about one picture, by the names of the ``classes``.

    The first error where one of them is an error; of equal classes the first comes first. The picture is unknown where
    it is to more than half of them, and as unlike all training pictures as it is to them in the mean.
    """
    members = []
    for answer in answers:
        if isinstance(answer, StudioError):
            return answer
        members.append(dict(answer.scores))
    means = [(name, sum(member[name] for member in members) / len(members)) for name in classes]
    means.sort(key=lambda pair: -pair[1])
    unknown = sum(answer.unknown for answer in answers if isinstance(answer, Prediction))
    scores = [answer.unlike for answer in answers if isinstance(answer, Prediction) and answer.unlike is not None]
    unlike = sum(scores) / len(scores) if len(scores) == len(members) else None
    return Prediction(*means[0], tuple(means), unlike, unknown=2 * unknown > len(members))


class Ensemble:
    """Answers as a :class:`Predictor` does, with the mean of what its ``members`` answer.

    Raises :class:`CheckpointError` where they do not know the same classes; the order of the classes is that of the
    first.
    """

    def __init__(self, members: Sequence[BatchedModel], names: Sequence[str] = ()) -> None:
        called = names or [f"model {number}" for number in range(1, len(members) + 1)]
        check_classes([(name, member.classes) for name, member in zip(called, members, strict=True)])
        self.members, self.classes = tuple(members), tuple(members[0].classes)

    def __call__(
        self, pictures: Pictures, *, drawings: bool = False,
        thresholds: Mapping[str, float] | None = None,
    ) -> list[Prediction | StudioError]:  # fmt: skip
        """The answer for each of ``pictures``, in their order; one that cannot be used gives its error in place.

        ``thresholds`` as for a :class:`Predictor`, of the mean probabilities.
        """
        least, pictures = checked(thresholds or {}, self.classes), as_list(pictures)
        each = [member(pictures, drawings=drawings) for member in self.members]
        return decided([mean_of(answers, self.classes) for answers in zip(*each, strict=True)], least)
