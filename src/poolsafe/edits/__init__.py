"""Turns fixes into edited text and writes it to the file. Code is never rendered again as a whole."""

from poolsafe.edits.application import Repair, apply, repair, repair_chosen
from poolsafe.edits.difference import diff
from poolsafe.edits.rewriting import write
from poolsafe.writing import ChangedMeanwhile, NotWritten, remove_leftovers

__all__ = [
    "ChangedMeanwhile",
    "NotWritten",
    "Repair",
    "apply",
    "diff",
    "remove_leftovers",
    "repair",
    "repair_chosen",
    "write",
]
