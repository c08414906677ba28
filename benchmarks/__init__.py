"""What the claims of this package rest on: ours and the reference, measured in one run."""

from segnet_model.threads import limit_spinning

limit_spinning()  # as the node and `segnet` do, before PyTorch is imported
