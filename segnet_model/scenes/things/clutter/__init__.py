"""Street clutter of many kinds: fences, walls and railings, signs, lights and lamps."""
