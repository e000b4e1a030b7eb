// One run of tus-js-client: its options come as JSON, what happened goes out as JSON, one line each.
//   node tus_client.cjs {endpoint, key, path, memory, options, pauseAt, terminateAt, stream}
// `memory` is the file in which the client remembers uploads between runs. `stream`: it cannot know the file's length.
const fs = require("fs");
const { PassThrough } = require("stream");
const tus = require("tus-js-client");

const said = JSON.parse(process.argv[2]);
const tell = (event, more) => console.log(JSON.stringify({ event, ...more }));
const file = fs.createReadStream(said.path);
const upload = new tus.Upload(said.stream ? file.pipe(new PassThrough()) : file, {
  endpoint: said.endpoint,
  headers: { Authorization: `Bearer ${said.key}` },
  metadata: { filename: "photo.png", filetype: "image/png", ...said.metadata },
  urlStorage: new tus.FileUrlStorage(said.memory),
  retryDelays: [0, 100, 500, 1000],
  removeFingerprintOnSuccess: true,
  ...said.options,
  onError: (error) => {
    tell("error", { message: String(error) });
    process.exit(1);
  },
  onChunkComplete: async (size, accepted) => {
    tell("chunk", { accepted });
    for (const [at, terminate] of [[said.pauseAt, false], [said.terminateAt, true]]) {
      if (at && accepted >= at) {
        await upload.abort(terminate);
        tell(terminate ? "terminated" : "paused", { url: upload.url });
        process.exit(0);
      }
    }
  },
  onSuccess: () => {
    tell("success", { url: upload.url });
    process.exit(0);
  },
});
upload.findPreviousUploads().then((previous) => {
  if (previous.length > 0) {
    upload.resumeFromPreviousUpload(previous[0]);
    tell("resumed", { parts: previous[0].parallelUploadUrls || [previous[0].uploadUrl] });
  }
  upload.start();
});
