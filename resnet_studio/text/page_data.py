"""Texts of: page_data."""

TEXT: dict[str, tuple[str, str]] = {}
