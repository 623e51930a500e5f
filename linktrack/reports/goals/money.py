"""Values as people read them. Pure."""

from decimal import Decimal


def money(value: int, currency: str) -> str:
    """Return an amount in a currency's smallest unit as it is written: 1999 and EUR is €19.99."""
    from babel.numbers import format_currency, get_currency_precision

    digits = get_currency_precision(currency)
    return str(format_currency(Decimal(value).scaleb(-digits), currency, locale="en"))
