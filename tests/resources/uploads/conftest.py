from tests.support.upload_fixtures import backend, complete, concatenation, new_process, temp_files, uploads

__all__ = ["backend", "complete", "concatenation", "new_process", "temp_files", "uploads"]
