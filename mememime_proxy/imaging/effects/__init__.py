"""Operations on colours and sheets over a picture, each a function from image to image; steps call them."""
