"""Worlds along a street: a town, a suburb and a country road."""
