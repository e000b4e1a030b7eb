from tests.support.client_fixtures import fake, file, journal, retries, slept, uploader, url

__all__ = ["fake", "file", "journal", "retries", "slept", "uploader", "url"]
