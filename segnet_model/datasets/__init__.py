"""Data sets: extracted, imported, checked and read; and sources of images."""
