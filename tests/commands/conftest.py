from tests.support.client_fixtures import fake, file, journal, slept, uploader, url, waits

__all__ = ["fake", "file", "journal", "slept", "uploader", "url", "waits"]
