"""Houses as towns have them: styles, fronts, and the parts that stand out from them."""
