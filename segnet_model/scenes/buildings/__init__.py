"""Buildings, from plain boxes to houses as towns have them."""
