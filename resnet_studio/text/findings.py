"""Texts: findings."""

TEXT: dict[str, tuple[str, str]] = {}
