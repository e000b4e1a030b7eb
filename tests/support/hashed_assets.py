"""Many assets that have only a perceptual hash, in a few statements."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from mememime_proxy.resources.database.engine import Database

_BATCH: Final = 100_000
_FACTS: Final = '{"media_type": "image/png", "format": "png", "width": 8, "height": 8, "phash": "'
_ROWS: Final = {
    "sqlite": f"""
        SELECT key AS number, printf('%064x', :first + key) AS sha256, value AS phash,
               '{_FACTS}' || printf('%016x', value) || '"}}' AS facts FROM json_each(:hashes)""",
    "postgresql": f"""
        SELECT ordinality - 1 AS number, lpad(to_hex(CAST(:first AS bigint) + ordinality - 1), 64, '0') AS sha256,
               CAST(value AS bigint) AS phash,
               CAST('{_FACTS}' || lpad(to_hex(CAST(value AS bigint)), 16, '0') || '"}}' AS json) AS facts
        FROM json_array_elements_text(CAST(:hashes AS json)) WITH ORDINALITY""",
}


def signed(value: int) -> int:
    """Return 64 bits as the database has them."""
    return value - (1 << 64) if value >> 63 else value


def name(number: int) -> str:
    """Return the digest of the asset with this number."""
    return f"{number:064x}"


def planted_hashes(count: int, questions: int, seed: int) -> list[int]:
    """Return random hashes; the first ones are ``questions``, each with two neighbours at each distance from 0 to 9.

    Half of the neighbours are spread evenly over the bands, as far from one another as they can be.
    """
    source = random.Random(seed)
    hashes = [source.getrandbits(64) for _ in range(count)]
    place = questions
    for question in hashes[:questions]:
        for distance in range(10):
            anywhere = source.sample(range(64), distance)
            spread = [16 * (number % 4) + source.randrange(4) * 4 + number // 4 for number in range(distance)]
            for bits in (anywhere, spread):
                hashes[place] = question ^ sum(1 << bit for bit in set(bits))
                place += 1
    return [signed(value) for value in hashes]


async def add_hashed_assets(
    database: Database, hashes: Sequence[int], tenants: Sequence[str], first: int = 0, state: str = "ready"
) -> None:
    """Add an asset for each hash, named by its number from ``first``; the tenants hold them one after the other."""
    async with database.write() as tx:
        for tenant in tenants:
            await tx.execute(
                text("INSERT INTO tenants (name, created) VALUES (:name, 0) ON CONFLICT DO NOTHING"), {"name": tenant}
            )
        for start in range(0, len(hashes), _BATCH):
            values = {"first": first + start, "hashes": json.dumps(hashes[start : start + _BATCH])}
            rows = f"FROM ({_ROWS[database.dialect]}) AS new"
            await tx.execute(
                text(
                    "INSERT INTO assets (sha256, state, reason, reason_detail, size, media_type, stored_sha256,"
                    " stored_size, facts, phash, created, changed) SELECT sha256, :state, '', '', 1, 'image/png',"
                    f" sha256, 1, facts, phash, 0, 0 {rows}"
                ),
                values | {"state": state},
            )
            for remainder, tenant in enumerate(tenants):
                await tx.execute(
                    text(
                        "INSERT INTO holdings (tenant, sha256, created)"
                        f" SELECT CAST(:tenant AS varchar), sha256, 0 {rows} WHERE number % :tenants = :remainder"
                    ),
                    values | {"tenant": tenant, "tenants": len(tenants), "remainder": remainder},
                )
