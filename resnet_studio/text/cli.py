"""Texts of: cli."""

TEXT: dict[str, tuple[str, str]] = {}
