"""S3, by aiobotocore."""
