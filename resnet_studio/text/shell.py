"""Texts of: shell."""

TEXT: dict[str, tuple[str, str]] = {}
