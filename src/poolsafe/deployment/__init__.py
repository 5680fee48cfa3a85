"""What a project says of its own deployment: the versions it locks or declares, and the pooler it configures.

Read once per folder, and only once a file with an engine asks. Nothing outside the project's root is read.
"""
