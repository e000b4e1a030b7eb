"""Streams: a film as CMAF segments, each made alone; playlists of HLS and a manifest of DASH over the same ones."""
