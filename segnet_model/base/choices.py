"""Names that settings choose from. It imports nothing heavy, so that `--help` is quick."""

from segnet_model.base.registry import Registry

# A new one is a file and a line here; CONTRIBUTING gives the interface of each.
NETWORKS = Registry("network", {
    "bayesian_segnet": "segnet_model.networks.segnet:BayesianSegNet",
    "bayesian_segnet_basic": "segnet_model.networks.segnet_basic:BayesianSegNetBasic",
    "bayesian_segnet_lite": "segnet_model.networks.segnet_lite:BayesianSegNetLite",
    "enet": "segnet_model.networks.enet:ENet",
    "segnet": "segnet_model.networks.segnet:SegNet",
    "segnet_basic": "segnet_model.networks.segnet_basic:SegNetBasic",
    "segnet_lite": "segnet_model.networks.segnet_lite:SegNetLite",
    "unet": "segnet_model.networks.unet:UNet",
})  # fmt: skip
DEFAULT_NETWORK = "segnet_basic"  # of a training from random weights
ENGINES = Registry("engine", {
    "auto": "segnet_model.engines.engine:open_engine",
    "torch": "segnet_model.engines.torch_engine:TorchEngine",
    "openvino": "segnet_model.engines.openvino_engine:OpenVinoEngine",
    "onnx": "segnet_model.engines.onnx_engine:OnnxEngine",
})  # fmt: skip
UNCERTAINTIES = Registry("uncertainty", {
    "none": "segnet_model.inference.uncertainty:NONE",
    "mc": "segnet_model.inference.uncertainty:MC",
    "temporal": "segnet_model.inference.uncertainty:TEMPORAL",
    "features": "segnet_model.inference.uncertainty:FEATURES",
})  # fmt: skip
REFINEMENTS = Registry("refine", {
    "none": "segnet_model.inference.prediction:no_refinement",
    "crf": "segnet_model.inference.crf:DenseCrf",
})  # fmt: skip
# Of labels; detected in this order.
LABEL_FORMATS = Registry("format", {
    "cvat-mask": "segnet_model.datasets.annotations.cvat:MASK",
    "cvat-camvid": "segnet_model.datasets.annotations.cvat:CAMVID",
    "cvat-xml": "segnet_model.datasets.annotations.cvat_xml:CVAT_XML",
    "coco": "segnet_model.datasets.annotations.coco:COCO",
    "yolo": "segnet_model.datasets.annotations.yolo:YOLO",
    "label-studio": "segnet_model.datasets.annotations.label_studio:LABEL_STUDIO",
    "supervisely": "segnet_model.datasets.annotations.supervisely:SUPERVISELY",
    "via": "segnet_model.datasets.annotations.via:VIA",
    "roboflow-masks": "segnet_model.datasets.annotations.roboflow:ROBOFLOW_MASKS",
    "numbered-masks": "segnet_model.datasets.annotations.numbered_masks:NUMBERED_MASKS",
    "labelme": "segnet_model.datasets.annotations.labelme:LABELME",
    "color-table": "segnet_model.datasets.annotations.color_table:COLOR_TABLE",
    "camvid32": "segnet_model.datasets.annotations.camvid32:CAMVID32",
    "ids": "segnet_model.datasets.annotations.label_images:IDS",
    "colors": "segnet_model.datasets.annotations.label_images:COLORS",
})  # fmt: skip
ACTIVATIONS = ("softmax", "sigmoid")
LOSSES = ("cross_entropy", "dice", "lovasz", "cross_entropy+dice", "cross_entropy+lovasz")
OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("cosine", "poly", "one_cycle", "constant")
WEIGHTINGS = ("median_frequency", "enet")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
TRAINING_PRECISIONS = ("auto", "float32", "bfloat16")
KINDS = "a bag, a folder of images, an image or a video"  # of sources
STORAGES = ("mcap", "sqlite3")
# Rendered ones; `mixed` lets each drive's seed choose one.
WORLDS = ("street", "suburb", "park", "trail", "yard", "campus", "mixed")
# Shipped label sets; `scenes` is that of rendered scenes, before it is mapped.
LABEL_SETS = (
    "camvid", "outdoor", "cityscapes", "mapillary", "ade20k", "voc", "comma10k", "rugd", "rellis",
    "driven",
)  # fmt: skip
LAYOUTS = ("nchw", "nhwc")  # of an adopted network's input
ANSWERS = ("logits", "probabilities", "ids")  # of an adopted network
CVAT_FORMATS = {"camvid": "CamVid 1.0", "mask": "Segmentation mask 1.1"}  # by CVAT's names
PANES = ("image", "mask", "uncertainty", "confidence", "drivable")
PREFIX = "/segmentation"
