"""Everything that is wrong with a data set, found in one go and named file by file."""

from segnet_model.datasets.checking.check import check_dataset
from segnet_model.datasets.checking.report import DatasetReport, SplitFacts

__all__ = ["DatasetReport", "SplitFacts", "check_dataset"]
