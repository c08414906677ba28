"""The parts of the node `segmentation`: the way of a frame, and what may change it."""
