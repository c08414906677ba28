"""Surfaces of real and drawn materials, and the things that they cover."""
