"""Training: a folder of labelled images in, a weights file out."""

from segnet_model.training.loop import train
from segnet_model.training.run import STATE_FILE, WEIGHTS_FILE
from segnet_model.training.tracking import Progress

__all__ = ["STATE_FILE", "WEIGHTS_FILE", "Progress", "train"]
