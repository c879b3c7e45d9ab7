"""Texts: events."""

TEXT: dict[str, tuple[str, str]] = {}
