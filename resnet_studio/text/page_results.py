"""Texts of: page_results."""

TEXT: dict[str, tuple[str, str]] = {}
