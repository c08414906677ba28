"""Check of a data set: all problems in one pass, file by file."""

from segnet_model.datasets.checking.check import check_dataset
from segnet_model.datasets.checking.report import DatasetReport, SplitFacts

__all__ = ["DatasetReport", "SplitFacts", "check_dataset"]
