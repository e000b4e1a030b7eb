from tests.support.obstore_fixtures import azure, azure_container, google, google_bucket
from tests.support.s3_fixtures import bucket, fault_proxy, s3, s3_server

__all__ = ["azure", "azure_container", "bucket", "fault_proxy", "google", "google_bucket", "s3", "s3_server"]
