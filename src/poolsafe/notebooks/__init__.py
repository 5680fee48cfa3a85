"""Reads Jupyter notebooks as Python sources: their code cells are joined, and edits are made in the original JSON.

Cells and magics are handled as in ruff. Code that uses a `Source` does not have to know that it is a notebook.
"""
