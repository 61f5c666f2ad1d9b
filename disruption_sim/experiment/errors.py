"""What can be wrong with a request, in words; light, so that saying so takes no time."""

from __future__ import annotations


class ArgumentError(ValueError):
    """Arguments are wrong; the message names every one and what is allowed."""


class FolderError(Exception):
    """A folder cannot be used; the message says which and why."""
