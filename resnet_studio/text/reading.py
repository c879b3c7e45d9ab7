"""Texts of: reading."""

TEXT: dict[str, tuple[str, str]] = {}
