"""FastAPI: upload tokens for browsers as a dependency, which runs in the pool of threads."""

from __future__ import annotations

from typing import Any

from mememime_proxy.contrib.image_site import ImageSite


class UploadTokenDependency:
    """``token: Annotated[dict, Depends(UploadTokenDependency(site, prefix="uploads/"))]``."""

    def __init__(self, site: ImageSite, *, expires_in: int = 900, **claims: Any) -> None:
        """``claims``: those of POST /tokens: ``prefix``, ``max_size``, ``types``, ``count``."""
        self._assets = site.assets
        self._expires_in, self._claims = expires_in, claims

    def __call__(self) -> dict[str, Any]:
        """Return ``token`` and ``expires``. ServiceError."""
        return self._assets.upload_token(self._expires_in, **self._claims)
