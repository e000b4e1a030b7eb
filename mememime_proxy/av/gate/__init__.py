"""The gate for films and sound: what indexes claim is looked at in bounded Python before the demuxer sees it."""
