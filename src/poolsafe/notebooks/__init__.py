"""Jupyter notebooks as Python sources: their code cells joined, and edits brought back to the JSON they came from.

Cells and magics are handled as in ruff. Code that uses a `Source` does not have to know that it is a notebook.
"""
