"""Both services on one machine, for development: their variables, their processes, and the file that names them."""
