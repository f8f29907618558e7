"""Dataset files: the Fides annotation format, read unmodified, with our own additions under `habeas_meta`."""

from exports.datasets.places import DatasetError, Notice, Place
from exports.datasets.reading import Reading, read_dataset, read_stored
from exports.datasets.references import check_references
from exports.datasets.shapes import Collection, Dataset, Field, Override, Reference

__all__ = [
    "Collection",
    "Dataset",
    "DatasetError",
    "Field",
    "Notice",
    "Override",
    "Place",
    "Reading",
    "Reference",
    "check_references",
    "read_dataset",
    "read_stored",
]
