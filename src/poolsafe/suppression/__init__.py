"""Comments that silence findings, found without LibCST so that a file that cannot be parsed has them too."""
