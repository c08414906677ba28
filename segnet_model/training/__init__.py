"""Training: a folder of labelled images in, a weights file out."""
