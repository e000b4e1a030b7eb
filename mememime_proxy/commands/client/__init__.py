"""Commands of the client, which the extra `client` installs."""
