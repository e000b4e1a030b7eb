"""What every handler of the service may use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mememime_proxy.jobs.progress import ProgressFeed
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.resources.aliases.changes import AliasChanges
from mememime_proxy.resources.aliases.proxy_client import ProxyClient
from mememime_proxy.resources.aliases.purge_feed import PurgeFeed
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.aliases.tags import Tags
from mememime_proxy.resources.archives.contents import Archives
from mememime_proxy.resources.assets.catalogue import Catalogue
from mememime_proxy.resources.assets.derivatives import Derivatives
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.assets.similarity import Similarity
from mememime_proxy.resources.auth.api_keys import ApiKeys
from mememime_proxy.resources.auth.authenticator import Authenticator
from mememime_proxy.resources.auth.login_limit import LoginLimit
from mememime_proxy.resources.auth.sessions import Sessions
from mememime_proxy.resources.auth.upload_tokens import UploadTokens
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.uploads.admission import UploadSlots
from mememime_proxy.resources.uploads.batch import BatchFinalizer
from mememime_proxy.resources.uploads.chunker import ActiveChunkers
from mememime_proxy.resources.uploads.concatenation import Concatenation
from mememime_proxy.resources.uploads.finalizer import Finalizer
from mememime_proxy.resources.uploads.presigned import PresignedUploads
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.scheduler import FinalizerScheduler
from mememime_proxy.resources.uploads.temp_file import TempFiles
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.protocol import Storage
from mememime_proxy.storage.resilience.stats import StorageStats
from mememime_proxy.workers.pool import Pool


@dataclass(slots=True, kw_only=True)
class Services:
    """Opened by ``app``, in this order, and closed in the other one."""

    settings: Settings
    clock: Callable[[], int]
    """Milliseconds since 1970."""
    budget: MemoryBudget
    database: Database
    storage: Storage
    """Storage of assets; their keys: ``storage.asset_keys``."""
    storage_stats: Callable[[], Iterable[StorageStats]]
    """Counters of the clients of all storages."""
    sources: Sources
    """Originals elsewhere, through the address guard."""
    pool: Pool
    keys: ApiKeys
    tokens: UploadTokens
    authenticator: Authenticator
    sessions: Sessions
    login_limit: LoginLimit
    proxy_client: ProxyClient
    assets: Assets
    catalogue: Catalogue
    archives: Archives
    similarity: Similarity
    derivatives: Derivatives
    aliases: Aliases
    alias_changes: AliasChanges
    tags: Tags
    outbox: Outbox
    purge_feed: PurgeFeed
    temp_files: TempFiles
    upload_slots: UploadSlots
    uploads: Uploads
    concatenation: Concatenation
    finalizer: Finalizer
    batches: BatchFinalizer
    scheduler: FinalizerScheduler
    presigned: PresignedUploads
    jobs: Jobs
    job_progress: ProgressFeed
    chunkers: ActiveChunkers = field(default_factory=ActiveChunkers)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the service stops; tasks that can be continued later should end."""
