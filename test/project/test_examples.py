"""The examples in the docstrings of what people call first are true, and fast."""

import doctest
import importlib.util
import resource

import pytest

EXAMPLES = [
    "bags.reader.BagReader",
    "bags.writer.BagWriter",
    "datasets.checking.check.check_dataset",
    "datasets.folder.open_split",
    "datasets.sources.opening.open_source",
    "driving.mask.drivable_mask",
    "driving.pose.CameraPose.mounted",
    "driving.projector.GroundProjector",
    "engines.export.Export",
    "evaluation.evaluate.evaluate",
    "evaluation.metrics.ConfusionMatrix",
    "images.encodings.decode_image",
    "inference.predictor.Predictor.load",
    "inference.predictor.Predictor.predict",
    "labels.label_map.LabelMap",
    "labels.label_set.LabelSet.colorize",
    "labels.label_set.LabelSet.ids_from_colors",
    "labels.label_set.LabelSet.load",
    "labels.naming.label_set_of",
    "networks.build_network",
    "networks.pooling.max_unpool_2x2",
    "pictures.drawing.overlay",
    "pictures.palette.brightened",
    "scenes.drive.Drive",
    "training.trainer.train",
    "weights.checkpoint.load_weights",
    "weights.checkpoint.save_weights",
]


def example(name):
    """The doctest of a definition, with the names of its module."""
    parts = f"segnet_model.{name}".split(".")
    length = next(n for n in range(len(parts), 0, -1) if importable(".".join(parts[:n])))
    module = importlib.import_module(".".join(parts[:length]))
    found = doctest.DocTestFinder(recurse=True).find(module)
    return next(each for each in found if each.name == ".".join(parts))


def importable(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is no package
        return False


def processor_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, tmp_path, monkeypatch):
    test = example(name)
    assert test.examples
    monkeypatch.chdir(tmp_path)
    report = []
    begin = processor_s()
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not result.failed, "".join(report)
    assert processor_s() - begin < 6  # most need a tenth; much more where other programs run too
