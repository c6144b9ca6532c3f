"""Avenrae Console: the back office of a marketplace of practitioners."""
