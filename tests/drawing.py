"""Pictures as people upload them."""

import io

from PIL import Image, ImageDraw


def drawn(width: int, height: int, colour: str = "navy", kind: str = "PNG") -> bytes:
    """Return a picture with a light disc in it."""
    picture = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(picture).ellipse((width // 4, height // 4, width // 2, height // 2), "yellow")
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()
