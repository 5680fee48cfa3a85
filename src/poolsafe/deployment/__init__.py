"""What a project's files say about its deployment: the versions that it locks or declares, and its pooler.

They are read once per directory, and only for a file with an engine. Nothing outside the project's root is read.
"""
