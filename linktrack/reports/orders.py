"""Orders of posts, and pages in them that begin where the one before ended. Pure."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from linktrack.errors import Invalid, NotFound
from linktrack.ids import PostId


class Value(NamedTuple):
    """What a post is sorted by: a number, or a text."""

    number: float = 0.0
    text: str = ""

    @property
    def written(self) -> str:
        """The value as addresses have it."""
        return self.text or repr(self.number)


class Order(NamedTuple):
    """How an order begins, and whether its values are texts."""

    highest_first: bool
    is_text: bool = False

    @property
    def turned(self) -> "Order":
        """The same from the other end."""
        return Order(not self.highest_first, self.is_text)


ORDERS: Final[Mapping[str, Order]] = {
    "newest": Order(highest_first=True),
    "low": Order(highest_first=True),
    "rate": Order(highest_first=True),
    "unique": Order(highest_first=True),
    "account": Order(highest_first=False, is_text=True),
    "text": Order(highest_first=False, is_text=True),
}
"""By posting time, the lower end of the rate's interval, the rate, unique clicks, handle, text."""

SORTS: Final = ("newest", "low")
"""The orders that every door has."""


class After(NamedTuple):
    """Behind which post a page begins, and what that post was sorted by when it was shown.

    With `value` ("" if it was unknown), a page begins where the one before it ended, even if that
    post has moved since. None: behind where the post is now.
    """

    post_id: int
    value: str | None = None


def order_named(name: str) -> Order:
    """Return an order; raises `Invalid`."""
    if name not in ORDERS:
        raise Invalid(f"{name[:40]!r} isn't an order of posts: choose one of {', '.join(ORDERS)}.")
    return ORDERS[name]


def page_of(
    values: Mapping[PostId, Value | None], order: Order, after: After | None, limit: int
) -> list[PostId]:
    """Return a page of posts; unknown values come last either way, equal ones newest first.

    Raises `NotFound` if the post that it begins behind isn't among them and its value not given,
    and `Invalid` for a value that can't be one.
    """
    left = set(values)
    if after is not None:
        start = _start(values, order, after)
        left = {
            number
            for number, value in values.items()
            if _is_behind((value, number), (start, after.post_id), order)
        }
    numbers = sorted(left, reverse=True)
    numbers.sort(key=lambda number: values[number] or Value(), reverse=order.highest_first)
    numbers.sort(key=lambda number: values[number] is None)
    return numbers[:limit]


def _start(values: Mapping[PostId, Value | None], order: Order, after: After) -> Value | None:
    if after.value is None:
        number = PostId(after.post_id)
        if number not in values:
            raise NotFound(f"Post number {number} is not among these posts.")
        return values[number]
    if not after.value:
        return None
    if order.is_text:
        return Value(text=after.value)
    try:
        return Value(float(after.value))
    except ValueError:
        raise Invalid(f"{after.value[:40]!r} isn't a value that posts are sorted by.") from None


def _is_behind(
    place: tuple[Value | None, int], start: tuple[Value | None, int], order: Order
) -> bool:
    (value, number), (first, first_number) = place, start
    if value == first:
        return number < first_number
    if value is None or first is None:
        return value is None
    return value < first if order.highest_first else value > first
