"""Worlds around a path: parks, trails, yards and the grounds of a campus."""
