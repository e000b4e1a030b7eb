// Plays the stream in ?src=…, a path or URL of this service; ?poster=… is shown until it plays.
const parameters = new URLSearchParams(location.search);
const video = document.querySelector("video");
const status = document.querySelector("[role=status]");

function ownUrl(name) {
  const url = new URL(parameters.get(name) || "", location.href);
  return parameters.get(name) && url.origin === location.origin ? url.href : "";
}

const stream = ownUrl("src");
if (!stream) {
  status.textContent = "?src= names a stream of this service, as a path: /player?src=/…/plain/…@m3u8";
} else {
  const poster = ownUrl("poster");
  if (poster) video.poster = poster;
  if (window.Hls && Hls.isSupported()) {
    const hls = new Hls({ enableWorker: false });
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.fatal) status.textContent = `The stream does not play: ${data.details}`;
    });
    hls.loadSource(stream);
    hls.attachMedia(video);
  } else {
    video.src = stream;
  }
}
