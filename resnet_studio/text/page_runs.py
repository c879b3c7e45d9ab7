"""Texts of: page_runs."""

TEXT: dict[str, tuple[str, str]] = {}
