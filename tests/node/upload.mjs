// npm's tus-js-client, unmodified: node upload.mjs <endpoint> <token> <file> <mode> [<chunk size>]. Prints what happened.
import fs from 'node:fs'
import { PassThrough } from 'node:stream'
import * as tus from 'tus-js-client'

const [endpoint, token, path, mode, chunkSize = '65536'] = process.argv.slice(2)
const print = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }))
const size = fs.statSync(path).size
let mediaId = null
let aborted = false
let restarts = 0

const options = {
  endpoint,
  chunkSize: Number(chunkSize),
  retryDelays: Array(20).fill(20),
  metadata: { filename: 'dinner.jpg', filetype: 'image/jpeg' },
  headers: { Authorization: `Bearer ${token}` },
  onAfterResponse: (request, response) => {
    mediaId = response.getHeader('Upload-Media-Id') || mediaId
  },
  onError: (error) => {
    // It tries each part again by itself, but not to join them: that is left to whoever uses it.
    if (mode === 'parallel' && restarts++ < 20) return upload.start()
    print('error', { message: String(error) })
    process.exit(1)
  },
  onSuccess: () => print('success', { url: upload.url, mediaId, sent }),
}
let sent = 0
options.onProgress = (bytes) => (sent = bytes)

if (mode === 'plain') {
  options.chunkSize = Infinity
} else if (mode === 'deferred') {
  options.uploadLengthDeferred = true
} else if (mode === 'parallel') {
  options.parallelUploads = 3
  options.metadataForPartialUploads = {}
} else if (mode === 'with-creation') {
  options.uploadDataDuringCreation = true
} else if (mode === 'overridden') {
  options.overridePatchMethod = true
} else if (mode === 'resume' || mode === 'terminate') {
  options.onChunkComplete = async (chunk, accepted) => {
    if (aborted || accepted >= size) return
    aborted = true
    await upload.abort(mode === 'terminate').catch((error) => {
      // It tries a DELETE again whose answer was lost, and takes "gone" for an error, as the protocol has it.
      if (![404, 410].includes(error.originalResponse?.getStatus())) throw error
    })
    print('aborted', { url: upload.url, accepted })
    if (mode === 'resume') upload.start()
  }
}
if (mode === 'terminate') {
  options.onSuccess = () => print('not terminated')
}

const file = fs.createReadStream(path)
// Of a stream that is no file, nobody knows the length.
const upload = new tus.Upload(mode === 'deferred' ? file.pipe(new PassThrough()) : file, options)
upload.start()
