"""The weights file with its metadata, and the weights that ship."""
