"""Things that stand on the ground and are neither plants nor buildings."""
