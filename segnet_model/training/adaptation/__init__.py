"""Adaptation: a recording without labels in, weights that know its camera and place better out."""
