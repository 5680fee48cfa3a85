"""One probe a file: how it asks, and why the answer means something. A probe knows clients and no driver."""
