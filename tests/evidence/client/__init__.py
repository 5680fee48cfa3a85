"""What runs in the environment of a version pair: `python -m evidence.client`, one JSON object per line in and out."""
