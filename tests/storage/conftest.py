from tests.support.s3_fixtures import bucket, faults, s3, weed

__all__ = ["bucket", "faults", "s3", "weed"]
