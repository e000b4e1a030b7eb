"""The second service: takes bytes in, names them, keeps them. The only one with a database and with write access."""
