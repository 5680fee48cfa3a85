"""Comments that suppress findings. They are found without LibCST, so that they work in files that cannot be parsed."""
