from tests.support.s3_fixtures import bucket, fault_proxy, s3, s3_server

__all__ = ["bucket", "fault_proxy", "s3", "s3_server"]
