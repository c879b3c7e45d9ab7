"""Every word that a person reads, in English and 简体中文, side by side.

``say("key", "zh", count=3)`` gives the sentence. In a template, ``{count:picture|pictures}`` writes the number (with
thousands separators) and the noun in the right number; ``{share:%}`` writes a fraction as a percentage; ``{names:, }``
writes a list with that between its items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from string import Formatter
from typing import Any, Literal, cast

from resnet_studio.text import (
    boards,
    certificates,
    cli,
    config,
    data,
    doctor,
    edits,
    errors,
    events,
    exchange,
    exports,
    findings,
    forecasts,
    groups,
    handin,
    layouts,
    lesson,
    methods,
    model,
    model_exports,
    one_file,
    page_acting,
    page_data,
    page_inside,
    page_looking,
    page_make,
    page_many,
    page_mend,
    page_predict,
    page_results,
    page_runs,
    page_train,
    page_trust,
    people,
    race,
    rates,
    reading,
    recipes,
    runs,
    search,
    serve,
    shell,
    upkeep,
)

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

TABLES: tuple[dict[str, tuple[str, str]], ...] = (
    config.TEXT,
    errors.TEXT,
    events.TEXT,
    findings.TEXT,
    forecasts.TEXT,
    groups.TEXT,
    layouts.TEXT,
    data.TEXT,
    edits.TEXT,
    model.TEXT,
    shell.TEXT,
    page_acting.TEXT,
    page_trust.TEXT,
    page_data.TEXT,
    page_make.TEXT,
    page_mend.TEXT,
    page_train.TEXT,
    page_results.TEXT,
    page_predict.TEXT,
    page_looking.TEXT,
    page_inside.TEXT,
    page_many.TEXT,
    page_runs.TEXT,
    runs.TEXT,
    people.TEXT,
    lesson.TEXT,
    methods.TEXT,
    boards.TEXT,
    exchange.TEXT,
    search.TEXT,
    race.TEXT,
    rates.TEXT,
    reading.TEXT,
    recipes.TEXT,
    cli.TEXT,
    doctor.TEXT,
    exports.TEXT,
    model_exports.TEXT,
    certificates.TEXT,
    one_file.TEXT,
    handin.TEXT,
    serve.TEXT,
    upkeep.TEXT,
)

_TEXTS = {
    language: {key: texts[place] for table in TABLES for key, texts in table.items()}
    for place, language in enumerate(LANGUAGES)
}


@cache
def _parsed(text: str) -> tuple[tuple[str, str | None, str, Literal["r", "s", "a"] | None], ...]:
    return tuple((literal, name, spec or "", conversion) for literal, name, spec, conversion in Formatter().parse(text))  # type: ignore[misc]


class _Sentence(Formatter):
    """``str.format`` with more format specs: ``one|many`` for counts, ``%`` for shares, a separator for lists.

    Every text is parsed once, since a page says the same ones hundreds of times. Specs cannot be nested.
    """

    def vformat(self, format_string: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        parts = []
        for literal, name, spec, conversion in _parsed(format_string):
            parts.append(literal)
            if name is not None:
                value = kwargs[name] if name in kwargs else self.get_field(name, args, kwargs)[0]
                parts.append(self.format_field(self.convert_field(value, conversion) if conversion else value, spec))
        return "".join(parts)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, (list, tuple)) and format_spec:
            return format_spec.join(map(str, value))
        if "|" in format_spec:
            one, many = format_spec.split("|")
            return f"{value:,} {one if value == 1 else many}"
        if format_spec == "%":
            return f"{100 * float(value):.1f}%"
        if isinstance(value, int) and not isinstance(value, bool) and not format_spec:
            return f"{value:,}"
        return cast(str, super().format_field(value, format_spec))


_FORMATTER = _Sentence()


def template(key: str, language: Language = "en") -> str:
    """The text behind ``key`` before any value is filled in; ``KeyError`` when there is none."""
    try:
        return _TEXTS[language][key]
    except KeyError:
        raise KeyError(f"no text for {key!r}") from None


def say(key: str, language: Language = "en", /, **values: object) -> str:
    """The text behind ``key`` in ``language`` with ``values`` filled in.

    >>> say("finding.empty_file", count=1), say("finding.empty_file", "zh", count=2)
    ('1 file was left out: empty.', '跳过了 2 个空文件。')
    """
    return _FORMATTER.vformat(template(key, language), (), values)


def say_recorded(key: str, language: Language, values: Mapping[str, object]) -> str:
    """The text behind a ``key`` that was read from a file; the key itself where this version cannot say it."""
    try:
        return _FORMATTER.vformat(template(key, language), (), {**_of_plain_resnets(values), **values})
    except (LookupError, ValueError, TypeError, AttributeError):
        return key


def _of_plain_resnets(values: Mapping[str, object]) -> dict[str, object]:
    """Names of networks where ``values`` have depths, as before there were others than plain ResNets."""
    names = {"depth": "network", "found": "fitting"}
    return {name: f"ResNet-{values[before]}" for before, name in names.items() if before in values}


def joined(sentences: Iterable[str], language: Language) -> str:
    """``sentences`` one after the other, those that are not empty: Chinese has no blank after a full stop.

    >>> joined(["One.", "", "Two."], "en"), joined(["一。", "二。"], "zh")
    ('One. Two.', '一。二。')
    """
    return gap(language).join(filter(None, sentences))


def gap(language: Language) -> str:
    """What stands between two sentences."""
    return " " if language == "en" else ""


def pair(name: object, value: object, language: Language) -> str:
    """A name with its value: Chinese has a colon of its own, which needs no blank.

    >>> pair("epochs", 3, "en"), pair("轮数", 3, "zh")
    ('epochs: 3', '轮数：3')
    """
    return f"{name}{': ' if language == 'en' else '：'}{value}"


def keys() -> list[str]:
    """All keys, in the order of the tables."""
    return [key for table in TABLES for key in table]
