"""How much CPU, storage and money a load needs: figures of this machine, and arithmetic."""
