"""Extraction of recordings to a data set that people can label."""
