"""Texts of: model."""

TEXT: dict[str, tuple[str, str]] = {}
