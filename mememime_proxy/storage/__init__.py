"""Object storage behind one small Protocol each way; nothing outside this package knows a cloud SDK."""
