"""Words that several commands use."""


def counted(count: int, what: str) -> str:
    """`1 unit`, `12 units`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
