"""Owns scaling images down, with Pillow where it is installed (`pip install 'mainspring[images]'`)."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import Final

log = logging.getLogger("mainspring.images")
MOST_PIXELS: Final = 50_000_000
"""Larger images are not decoded: a small file may claim to be enormous."""
_FORMATS: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


class PillowScaler:
    """An `ImageScaler`. Without Pillow images stay as they are, and a warning says so once."""

    def __init__(self) -> None:
        self._warned = False

    async def scale(self, data: bytes, media_type: str, longest: int, /) -> bytes | None:
        """See `ImageScaler`; a moving picture stays as it is."""
        if media_type not in _FORMATS:
            return None
        try:
            return await asyncio.to_thread(_scaled, data, _FORMATS[media_type], longest)
        except ModuleNotFoundError:
            if not self._warned:
                log.warning(
                    "images are not scaled down: `pip install 'mainspring[images]'` installs what it takes"
                )
            self._warned = True
            return None


def _scaled(data: bytes, kind: str, longest: int) -> bytes | None:
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - an extra, and slow to load

    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            if max(image.size) <= longest or image.width * image.height > MOST_PIXELS:
                return None
            smaller = ImageOps.exif_transpose(image)
            smaller.thumbnail((longest, longest))
            out = io.BytesIO()
            smaller.save(out, kind)
            return out.getvalue()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        log.warning("an image was not scaled down: %s", error)
        return None
