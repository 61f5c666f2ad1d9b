"""Samples through laboratories: the compiled network and what drives it."""
