"""Names that settings choose from. Imports nothing, so that a launch file can list them."""

ENGINES = ("auto", "torch", "openvino", "onnx")
UNCERTAINTIES = ("none", "mc", "temporal")
REFINEMENTS = ("none", "crf")
ACTIVATIONS = ("softmax", "sigmoid")
LOSSES = ("cross_entropy", "dice", "lovasz", "cross_entropy+dice", "cross_entropy+lovasz")
OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("cosine", "poly", "one_cycle", "constant")
WEIGHTINGS = ("median_frequency", "enet")
TRAINING_PRECISIONS = ("auto", "float32", "bfloat16")
