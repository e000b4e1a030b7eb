"""`mememime batch render`: the variants of many originals, by the proxy's own provider chain."""
