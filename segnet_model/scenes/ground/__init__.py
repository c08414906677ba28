"""The lay of the land and its look: streets, paths, zones, slopes, snow and leaves."""
