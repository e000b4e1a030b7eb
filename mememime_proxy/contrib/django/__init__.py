"""Django: a storage, template tags, and a widget for the focal point. Add it to INSTALLED_APPS."""
