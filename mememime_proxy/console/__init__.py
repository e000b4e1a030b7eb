"""The console: web pages for people, built files and their headers; the services mount it."""
