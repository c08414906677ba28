"""The live page: what the node publishes, in a browser, for a robot without a screen."""
