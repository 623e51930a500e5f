"""JSON as a type. The shape of each answer stands beside the function that makes it."""

from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
