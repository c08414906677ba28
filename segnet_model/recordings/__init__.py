"""Recordings answered by a network: viewed, or copied with the answers."""
