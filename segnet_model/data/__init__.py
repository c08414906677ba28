"""Where training data comes from: recordings, labelled folders and rendered drives."""
