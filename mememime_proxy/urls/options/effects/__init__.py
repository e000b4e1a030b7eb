"""The options of effects: colours, blurs and sheets."""
