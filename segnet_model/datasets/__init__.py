"""Labelled folders: made, imported, checked and read."""
