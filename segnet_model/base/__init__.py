"""What every part may use: errors, limits, safe documents, progress, signals."""
