"""Texts of: data."""

TEXT: dict[str, tuple[str, str]] = {}
