"""Season, light and weather of a drive, and its sky."""
