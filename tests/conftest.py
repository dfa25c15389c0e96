"""Lies here so that tests in folders find the helpers beside it, such as `contract_kit`."""
