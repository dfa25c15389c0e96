"""Lies here so that tests in folders find the helpers beside it, such as `contract_kit`; puts what is long first."""


def pytest_collection_modifyitems(items):
    """Begin with programs and pages: the other processes would wait for a long one that began last."""
    items.sort(key=lambda item: item.path.name not in ("test_programs.py", "test_docs.py"))
