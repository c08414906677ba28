"""What the claims of this package rest on: ours and the reference, measured in one run."""
