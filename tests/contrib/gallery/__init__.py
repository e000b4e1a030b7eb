"""An application of Django: photographs that are uploaded, shown, cropped anew and deleted."""
