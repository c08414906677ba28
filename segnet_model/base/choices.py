"""Names that settings choose from. Imports nothing, so that `--help` and launch files are quick."""

NETWORKS = (
    "bayesian_segnet", "bayesian_segnet_basic", "enet", "segnet", "segnet_basic", "unet",
)  # fmt: skip
ENGINES = ("auto", "torch", "openvino", "onnx")
UNCERTAINTIES = ("none", "mc", "temporal")
REFINEMENTS = ("none", "crf")
ACTIVATIONS = ("softmax", "sigmoid")
LOSSES = ("cross_entropy", "dice", "lovasz", "cross_entropy+dice", "cross_entropy+lovasz")
OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("cosine", "poly", "one_cycle", "constant")
WEIGHTINGS = ("median_frequency", "enet")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
TRAINING_PRECISIONS = ("auto", "float32", "bfloat16")
KINDS = "a bag, a folder of images, an image or a video"  # of sources
STORAGES = ("mcap", "sqlite3")
LABEL_FORMATS = ("cvat-camvid", "cvat-mask", "camvid32", "ids", "colors", "labelme")
CVAT_FORMATS = {"camvid": "CamVid 1.0", "mask": "Segmentation mask 1.1"}  # CVAT's names of them
PANES = ("image", "mask", "uncertainty", "confidence", "drivable")
PREFIX = "/segmentation"
