"""Sources in URLs: encodings, encryption, rewriting."""
