"""Texts of: page_predict."""

TEXT: dict[str, tuple[str, str]] = {}
