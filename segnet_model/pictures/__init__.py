"""Pictures for people: overlays, legends, videos."""
