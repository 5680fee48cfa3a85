"""The deployment of a project according to its files: the locked or declared versions, and the pooler.

They are read once per directory, and only for a file with an engine. Nothing outside the project's root is read.
"""
