"""Moving pictures: a part of a film, or frames of an animation, as a short film or as an animated picture."""
