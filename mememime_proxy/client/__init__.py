"""The bulk uploader: finds files, sends what the service has not got, and knows after a crash where it was."""
