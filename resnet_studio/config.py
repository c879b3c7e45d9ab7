"""The settings of a training: one frozen dataclass is the schema of the form, the command line and ``config.json``.

A number that is ``None`` and a choice that is ``"auto"`` are left to the studio; :mod:`resnet_studio.training.plan`
fills them in from the pictures and the machine before a run begins.

Not pydantic: with its checks in place of ours this module was three lines longer, as every refusal still has to become
a sentence in two languages, and the help of the command line came a tenth of a second later. What it would add,
reading JSON and schemas for other programs, is not needed here.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from dataclasses import replace as _replace
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from resnet_studio.errors import ConfigError
from resnet_studio.grouping import parse as parse_grouping
from resnet_studio.text import Language, say

Depth = Literal[18, 34, 50, 101, 152]
Family = Literal["resnet", "resnext", "resnext_64x4d", "wide_resnet", "se_resnet", "se_resnext", "resnet_d"]
Freeze = Literal["auto", "none", "stem", "layer1", "layer2", "layer3", "layer4"]
Tuned = Literal["all", "batchnorm", "bias", "adapters"]
Head = Literal["linear", "hidden"]
Features = Literal["layer4", "layer3+layer4", "auto"]
Stem = Literal["auto", "standard", "small"]
Optimizer = Literal["adamw", "adam", "sgd"]
Schedule = Literal["one_cycle", "cosine", "step", "constant"]
Augmentation = Literal["auto", "none", "light", "standard", "strong"]
StrongPolicy = Literal["trivialaugment", "randaugment"]
Fit = Literal["auto", "crop", "pad", "squeeze"]
Mix = Literal["none", "mixup", "cutmix", "both"]
ClassWeighting = Literal["auto", "none", "balanced", "adjusted"]
Precision = Literal["auto", "fp32", "bf16"]
PruneBy = Literal["batchnorm", "l1"]


DEPTHS: Mapping[Family, tuple[Depth, ...]] = {
    "resnet": (18, 34, 50, 101, 152),
    "resnext": (50, 101),
    "resnext_64x4d": (101,),
    "wide_resnet": (50, 101),
    "se_resnet": (18, 34, 50, 101, 152),
    "se_resnext": (50, 101),
    "resnet_d": (18, 34, 50, 101, 152),
}
"""The depths of each family; :mod:`resnet_studio.model.architecture` has what there is to know of each network."""


def setting(default: Any, *, low: float | None = None, high: float | None = None, group: str = "advanced") -> Any:
    """A config field: its ``default``, the closed range [``low``, ``high``] of a number, its ``group`` in the form."""
    return field(default=default, metadata={"low": low, "high": high, "group": group})


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All settings of one training; immutable, checked when built.

    Labels and help of every field are the texts ``config.<field>`` and ``config.<field>.help``.
    Raises :class:`ConfigError` naming the field, the value and what is allowed.

    >>> TrainConfig(epochs=5, freeze="layer4").changed()
    {'freeze': 'layer4', 'epochs': 5}
    >>> TrainConfig(dropout=2)
    Traceback (most recent call last):
    resnet_studio.errors.ConfigError: The setting dropout cannot be 2; give a number from 0 to 0.95.
    """

    depth: Depth = setting(18, group="model")
    family: Family = setting("resnet", group="model")
    freeze: Freeze = setting("auto", group="model")
    tuned_parameters: Tuned = setting("all", group="model")
    weights: str = setting("auto", group="model")
    pretrain_epochs: int = setting(0, low=0, high=10_000, group="model")
    features: Features = setting("layer4", group="model")
    head: Head = setting("linear", group="model")
    hidden_units: int = setting(1024, low=1, high=65_536, group="model")
    dropout: float = setting(0.0, low=0, high=0.95, group="model")
    stem: Stem = setting("auto", group="model")
    keep_channels: float = setting(1.0, low=0.1, high=1, group="model")
    prune_by: PruneBy = setting("batchnorm", group="model")

    epochs: int | None = setting(None, low=1, high=10_000, group="training")
    first_epochs: int | None = setting(None, low=0, high=10_000, group="training")
    batch_size: int | None = setting(None, low=1, high=65_536, group="training")
    accumulate_steps: int = setting(1, low=1, high=1_024, group="training")
    picture_size: int | None = setting(None, low=8, high=1_024, group="training")
    early_picture_size: int | None = setting(None, low=8, high=1_024, group="training")
    fit: Fit = setting("crop", group="training")
    precision: Precision = setting("auto", group="training")
    device: str = setting("auto", group="training")
    devices: int = setting(1, low=1, high=1_024, group="training")
    seed: int = setting(0, low=0, high=2**31 - 1, group="training")
    early_stopping_patience: int = setting(0, low=0, high=10_000, group="training")
    final_fit: bool | None = setting(None, group="training")

    optimizer: Optimizer = setting("adamw", group="optimisation")
    learning_rate: float | None = setting(None, low=1e-8, high=100, group="optimisation")
    stage_factor: float = setting(0.4, low=0.001, high=1, group="optimisation")
    gradual_unfreezing: int = setting(0, low=0, high=10_000, group="optimisation")
    momentum: float = setting(0.9, low=0, high=0.999, group="optimisation")
    nesterov: bool = setting(True, group="optimisation")
    weight_decay: float = setting(0.01, low=0, high=10, group="optimisation")
    schedule: Schedule = setting("one_cycle", group="optimisation")
    warmup_fraction: float = setting(0.25, low=0, high=0.9, group="optimisation")
    step_epochs: int = setting(7, low=1, high=10_000, group="optimisation")
    step_factor: float = setting(0.1, low=0.0001, high=1, group="optimisation")
    clip_gradient: float = setting(1.0, low=0, high=1_000, group="optimisation")

    label_smoothing: float = setting(0.1, low=0, high=0.9, group="regularisation")
    class_weighting: ClassWeighting = setting("auto", group="regularisation")
    l1_penalty: float = setting(0.0, low=0, high=1, group="regularisation")
    adversarial: float = setting(0.0, low=0, high=0.5, group="regularisation")
    average_weights: bool = setting(True, group="regularisation")
    mean_with_start: bool | None = setting(None, group="regularisation")

    teacher: str = setting("none", group="distillation")
    teacher_weight: float = setting(0.5, low=0, high=1, group="distillation")
    temperature: float = setting(2.0, low=0.1, high=50, group="distillation")
    unlabelled: str = setting("none", group="distillation")

    augmentation: Augmentation = setting("auto", group="augmentation")
    horizontal_flip: bool = setting(True, group="augmentation")
    strong_policy: StrongPolicy = setting("trivialaugment", group="augmentation")
    mix: Mix = setting("none", group="augmentation")

    validation_fraction: float = setting(0.15, low=0.01, high=0.8, group="split")
    test_fraction: float = setting(0.15, low=0, high=0.8, group="split")
    groups: str = setting("auto", group="split")
    test_data: str = setting("none", group="split")

    def __post_init__(self) -> None:
        hints = _hints()
        for spec in fields(self):
            value = _checked(spec.name, getattr(self, spec.name), hints[spec.name], spec.metadata)
            object.__setattr__(self, spec.name, value)
        if self.depth not in DEPTHS[self.family]:
            family = say(f"config.family.{self.family}", "en")
            raise ConfigError("error.config.depth", family=family, depth=self.depth, allowed=DEPTHS[self.family])
        if self.features == "layer3+layer4" and self.freeze not in ("auto", "layer4"):
            raise ConfigError("error.config.features", field="features", value=self.features, freeze=self.freeze)
        if self.unlabelled != "none" and self.teacher == "none":
            raise ConfigError("error.config.unlabelled", field="unlabelled", value=self.unlabelled)
        object.__setattr__(self, "groups", str(parse_grouping(self.groups)))
        if self.validation_fraction + self.test_fraction > 0.9:
            total = self.validation_fraction + self.test_fraction
            raise ConfigError("error.config.split_too_large", total=total)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON values; :mod:`resnet_studio.migrations` says how they are brought up to date."""
        return asdict(self)

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> TrainConfig:
        """Read what :meth:`to_json` wrote. An unknown key, as a newer version may write, is refused by name."""
        known = {spec.name for spec in fields(cls)}
        for key in settings:
            if key not in known:
                raise ConfigError("error.config.unknown", field=key)
        return cls(**settings)

    def replace(self, **changes: Any) -> TrainConfig:
        """A copy with ``changes``; checked like a new one."""
        return _replace(self, **changes)

    def changed(self) -> dict[str, Any]:
        """The fields that differ from the defaults."""
        return {
            spec.name: getattr(self, spec.name) for spec in fields(self) if getattr(self, spec.name) != spec.default
        }


def choices(name: str) -> tuple[Any, ...]:
    """The values that field ``name`` allows, or an empty tuple where it is a number or free text."""
    hint = _hints()[name]
    return get_args(hint) if get_origin(hint) is Literal else ()


def is_yes_or_no(name: str) -> bool:
    """Whether field ``name`` is switched on or off, or left to the studio."""
    return bool in _kinds(_hints()[name])


def label(name: str, language: Language = "en") -> str:
    """What field ``name`` is called on screen."""
    return say(f"config.{name}", language)


def parse(name: str, text: str) -> Any:
    """The value of field ``name`` written as ``text`` (a command line, a text box): ``auto`` or nothing means auto.

    >>> parse("epochs", "12"), parse("epochs", "auto"), parse("nesterov", "no")
    (12, None, False)
    """
    hint = _hints()[name]
    kinds = _kinds(hint)
    cleaned = text.strip()
    if type(None) in kinds and cleaned.lower() in {"", "auto"}:
        return None
    if get_origin(hint) is Literal:
        return next((choice for choice in get_args(hint) if str(choice) == cleaned), cleaned)
    if bool in kinds:
        return {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }.get(cleaned.lower(), cleaned)
    try:
        if int in kinds:
            return int(cleaned)
        if float in kinds:
            return float(cleaned)
    except ValueError:
        return cleaned
    return cleaned


def as_options(settings: Mapping[str, Any]) -> list[str]:
    """``settings`` as words of the command line.

    >>> as_options({"epochs": 12, "nesterov": False})
    ['--epochs', '12', '--no-nesterov']
    """
    words: list[str] = []
    for name, value in settings.items():
        flag = f"--{'' if value is not False else 'no-'}{name.replace('_', '-')}"
        words += [flag] if isinstance(value, bool) else [flag, str(value)]
    return words


@cache
def _hints() -> dict[str, Any]:
    """The types of the fields, which take a while to read."""
    return get_type_hints(TrainConfig)


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _checked(name: str, value: Any, hint: Any, metadata: Mapping[str, Any]) -> Any:
    """``value`` in the type of its field; refuses what is outside of the choices or the range."""
    if get_origin(hint) is Literal:
        if value in get_args(hint) and not isinstance(value, bool):
            return value
        raise ConfigError("error.config.choice", field=name, value=value, allowed=get_args(hint))
    kinds = _kinds(hint)
    if value is None and type(None) in kinds:
        return None
    if bool in kinds:
        if isinstance(value, bool):
            return value
        raise ConfigError("error.config.choice", field=name, value=value, allowed=("true", "false"))
    if str in kinds:
        if isinstance(value, str) and value.strip():
            return value
        raise ConfigError("error.config.text", field=name, value=value)
    return _number_in_range(name, value, int in kinds, metadata)


def _number_in_range(name: str, value: Any, whole: bool, metadata: Mapping[str, Any]) -> int | float:
    low, high = cast(float, metadata["low"]), cast(float, metadata["high"])
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high or (whole and value != int(value)):
        key = "error.config.whole_number" if whole else "error.config.number"
        said = "{:.0f}" if whole else "{:g}"
        raise ConfigError(key, field=name, value=value, low=said.format(low), high=said.format(high))
    return int(value) if whole else float(value)
