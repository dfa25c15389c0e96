"""All model folders that someone made to do harm or by mistake, by name; see `hostile_kit.CASES`."""

import hostile_files
import hostile_headers
import hostile_manifests
from hostile_kit import CASES, change_manifest, reseal

__all__ = ["CASES", "change_manifest", "hostile_files", "hostile_headers", "hostile_manifests", "reseal"]
