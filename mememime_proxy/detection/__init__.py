"""Objects in pictures: what a plan says of them, and the operator's choices for finding them."""
