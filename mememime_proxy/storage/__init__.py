"""Object storage behind one small Protocol each way; no cloud SDK is used outside of this package."""
