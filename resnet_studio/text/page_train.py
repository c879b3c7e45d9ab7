"""Texts of: page_train."""

TEXT: dict[str, tuple[str, str]] = {}
