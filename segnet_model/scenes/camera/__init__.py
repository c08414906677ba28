"""The camera: where a robot carries it, its lens, and its photographs."""
