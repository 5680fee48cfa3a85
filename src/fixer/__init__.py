"""Makes `python -m fixer` the same command as `poolsafe`."""
