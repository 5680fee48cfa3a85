"""Generated attacks from outside. Each stage has a function `run(seed, seconds)`, which returns the failures."""
