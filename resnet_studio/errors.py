"""What can go wrong in a way that the user can mend.

Every :class:`StudioError` is one sentence that says what happened and what to do. It carries the key of its text and
the values in it, so that the page says it in the reader's language and the command line in English.
"""

from __future__ import annotations

from resnet_studio.text import Language, say


class StudioError(Exception):
    """Something that the user can act on; shown as a sentence, never as a traceback."""

    def __init__(self, key: str, /, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(say(key, "en", **values))

    def sentence(self, language: Language = "en") -> str:
        """The error in the reader's language."""
        return say(self.key, language, **self.values)


class ConfigError(StudioError):
    """A setting has a value that is not allowed."""


class DataError(StudioError):
    """The pictures given cannot be used as they are."""


class WeightsError(StudioError):
    """Starting weights cannot be had, or do not fit."""


class CheckpointError(StudioError):
    """A checkpoint is damaged, unsafe or not one of ours."""


class ExportError(StudioError):
    """A model cannot be exported, or the exported file does not answer as it should."""


class RunError(StudioError):
    """A run is missing, or not in a state that allows the request."""
