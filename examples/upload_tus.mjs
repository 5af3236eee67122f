// Uploads a picture or video with tus-js-client: node upload_tus.mjs dinner.mp4
import fs from 'node:fs'
import path from 'node:path'
import * as tus from 'tus-js-client'

const url = process.env.SIMMER_URL ?? 'http://localhost:8000'
const types = { '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.png': 'image/png', '.mp4': 'video/mp4', '.mov': 'video/quicktime' }
const file = process.argv[2]

const signIn = await fetch(`${url}/api/auth/token/`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ username: process.env.SIMMER_USERNAME, password: process.env.SIMMER_PASSWORD }),
})
if (!signIn.ok) throw new Error(`sign-in: ${signIn.status}`)
const { access } = await signIn.json()

let mediaId
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint: `${url}/api/tus/`,
  headers: { Authorization: `Bearer ${access}` },
  metadata: { filename: path.basename(file), filetype: types[path.extname(file).toLowerCase()] ?? '' },
  // Without it the client sends one endless request; the server takes 64 MB in one.
  chunkSize: 8 * 1024 * 1024,
  retryDelays: [0, 1000, 3000, 5000, 10000],
  // Where the upload is, for the next run of this script.
  urlStorage: new tus.FileUrlStorage(`${file}.tus`),
  removeFingerprintOnSuccess: true,
  onProgress: (sent, total) => process.stderr.write(`\r${Math.floor((100 * sent) / total)} %`),
  // The answer to the last bytes says which media they have become.
  onAfterResponse: (request, response) => {
    mediaId = response.getHeader('Upload-Media-Id') ?? mediaId
  },
  onError: (error) => {
    console.error(String(error))
    process.exitCode = 1
  },
  onSuccess: () => console.log(JSON.stringify({ id: mediaId })),
})

const [previous] = await upload.findPreviousUploads()
if (previous) upload.resumeFromPreviousUpload(previous)
upload.start()
