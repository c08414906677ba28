"""Formats of annotation tools, read and written; their files are not trusted."""
