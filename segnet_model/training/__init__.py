"""Training: a folder of labeled images in, a weights file out."""
