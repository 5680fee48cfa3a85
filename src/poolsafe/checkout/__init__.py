"""The files of a checkout: the root of a project, its modules, and the files next to its code."""
