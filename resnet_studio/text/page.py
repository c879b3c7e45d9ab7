"""Texts: page."""

TEXT: dict[str, tuple[str, str]] = {}
