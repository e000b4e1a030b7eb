"""Quality by a measure of what is seen: metrics, a model that predicts them, and the search for a target."""
