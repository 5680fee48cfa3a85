"""The catalogue of poolers, and the deployments that follow from its rows.

It is imported only if an engine is checked or the configuration names a pooler. A new pooler is a new row in `hosted`
or `programs`, and a new line in tests/deployment/test_providers.py.
"""
