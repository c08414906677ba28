"""Basics of every other part: errors, limits, options, safe documents, progress, signals."""
