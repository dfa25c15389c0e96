"""How much a reader takes before it refuses: the caps against bombs and accidents."""

from __future__ import annotations

from dataclasses import dataclass, fields

from kinfold.errors import InvalidParameterError


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one read; sizes in bytes.

    Parameters
    ----------
    block_bytes
        How much unpacked text is looked at together; results do not depend on it.
    max_out
        Unpacked size at which reading stops.
    max_ratio, ratio_after
        Unpacked : packed at which an archive is taken for a bomb, looked at after `ratio_after` bytes.
    max_field, max_record
        A longer field or line is rejected; a longer quoted field is taken for an unclosed quote.
    max_token
        The longest single XML token or element text.
    max_array
        The largest JSON array, or pretty-printed JSON, that is read whole.
    max_depth, max_digits
        JSON nesting, and digits in one JSON number.
    max_label
        A longer label stops the read: it is hardly a label.
    max_row_group
        Unpacked size of one Parquet row group.
    max_rejected
        Rejected records that stop the read while the share allowed is at its default.
    wrap
        A longer line of plain text is parted at a blank into several texts; None: no line is parted.
    """

    block_bytes: int = 1 << 20
    max_out: int = 1 << 40
    max_ratio: float = 200.0
    ratio_after: int = 64 << 20
    max_field: int = 10_000_000
    max_record: int = 64 << 20
    max_token: int = 16 << 20
    max_array: int = 64 << 20
    max_depth: int = 100
    max_digits: int = 1000
    max_label: int = 1000
    max_row_group: int = 2 << 30
    max_rejected: int = 10_000
    wrap: int | None = None

    def __post_init__(self) -> None:
        for name, value in ((field.name, getattr(self, field.name)) for field in fields(self)):
            if value is not None and not value > 0:
                raise InvalidParameterError(
                    f"{name} must be more than 0, got {value!r}", fix="see Limits for the defaults"
                )
