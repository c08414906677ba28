"""Work on many recordings, on the machines of a Ray cluster."""
