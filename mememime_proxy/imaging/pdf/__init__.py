"""PDF: pages as drawings that are rasterised, and a picture as the one page of a document."""
