"""Concatenation (tus 1.0.0): several partial uploads become one final upload."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import insert, select, update

from mememime_proxy.errors import ConflictError, UploadNotFoundError, UploadTooLargeError
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.auth.quotas import check_quota
from mememime_proxy.resources.auth.upload_tokens import count_token_use
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import UPLOADS
from mememime_proxy.resources.database.states import UploadKind, UploadState
from mememime_proxy.resources.uploads.model import Upload, UploadIntent

_PART_GRACE: Final = 3_600_000
"""Milliseconds that a partial upload outlives its final one, which may be at work on the chunks when it expires."""


class Concatenation:
    """All methods may raise DatabaseError; nothing has changed then, or all of it has."""

    def __init__(self, database: Database, clock: Callable[[], int], *, lifetime: int) -> None:
        """``lifetime``: milliseconds until the final upload expires."""
        self._database = database
        self._clock = clock
        self._lifetime = lifetime

    async def join(
        self,
        principal: Principal,
        parts: Sequence[str],
        intent: UploadIntent,
        *,
        size_limit: int,
        metadata: dict[str, str],
    ) -> Upload:
        """Create one upload of the bytes of several, in this order. Repeated, it returns the same upload.

        UploadNotFoundError; ConflictError where a part is incomplete or belongs to another upload; UploadTooLargeError,
        QuotaError, RoleError.
        """
        now = self._clock()
        async with self._database.write() as tx:
            rows = (await tx.execute(select(UPLOADS).where(UPLOADS.c.id.in_(parts)))).all()
            visible = {row.id: upload for row in rows if (upload := Upload.of_row(row)).is_visible_to(principal)}
            if missing := [part for part in parts if part not in visible]:
                raise UploadNotFoundError(f"there is no upload {missing[0]}")
            partial = [visible[part] for part in parts]
            if partial[0].final_upload:
                row = (await tx.execute(select(UPLOADS).where(UPLOADS.c.id == partial[0].final_upload))).one_or_none()
                if row is not None and tuple(row.parts) == tuple(parts):
                    return Upload.of_row(row)
            for part in partial:
                _check_part(part, now)
            total = sum(part.received for part in partial)
            if total > size_limit:
                raise UploadTooLargeError(f"found {total} bytes, at most {size_limit} are allowed")
            await check_quota(tx, principal.tenant, 0)
            await count_token_use(self._database, tx, principal)
            final = Upload(
                id=secrets.token_hex(16),
                kind=UploadKind.FINAL,
                principal=principal,
                intent=intent,
                length=total,
                received=total,
                size_limit=size_limit,
                expires=now + self._lifetime,
                metadata=metadata,
                parts=tuple(parts),
            )
            await tx.execute(insert(UPLOADS).values(**final.columns(now)))
            for part in partial:
                joined = await tx.execute(
                    update(UPLOADS)
                    .where(
                        UPLOADS.c.id == part.id,
                        UPLOADS.c.kind == UploadKind.PARTIAL,
                        UPLOADS.c.state == UploadState.RECEIVING,
                    )
                    .values(
                        kind=UploadKind.JOINED,
                        state=UploadState.VERIFYING,
                        final_upload=final.id,
                        expires=final.expires + _PART_GRACE,
                    )
                )
                if joined.rowcount != 1:
                    raise ConflictError(f"the upload {part.id} has changed")
        return final


def _check_part(part: Upload, now: int) -> None:
    if part.kind is not UploadKind.PARTIAL or part.state is not UploadState.RECEIVING or part.expires <= now:
        raise ConflictError(f"the upload {part.id} is no partial upload that can be concatenated with others")
    if not part.is_complete:
        raise ConflictError(f"the upload {part.id} is not complete")
