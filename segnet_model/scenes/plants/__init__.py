"""Trees, bushes, hedges and flowers, as the seasons leave them."""
