"""The catalogue of poolers, and what follows from a row of it.

It is imported only if an engine is judged or the configuration names a pooler. A new pooler is a new row in `hosted`
or `programs`, and a new line in tests/deployment/test_providers.py.
"""
