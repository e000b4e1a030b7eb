"""What a job costs, from the header of its original and its plan: pure functions, no pixel is decoded."""
