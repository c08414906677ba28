"""From recordings to a folder that people can label."""

from segnet_model.datasets.extraction.extract import Extracted, extract
from segnet_model.datasets.extraction.settings import ExtractSettings

__all__ = ["ExtractSettings", "Extracted", "extract"]
