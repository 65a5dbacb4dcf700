// Prints whether a bucket keeps versions: Enabled, Suspended or off. usage: versioning.js s3://BUCKET
import { GetBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'

// The SDK speaks of Node 20 at each start.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
const bucket = new URL(process.argv[2]).hostname
const isCustom = (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL) !== undefined
const client = new S3Client(isCustom ? { forcePathStyle: true } : {})
try {
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))
  console.log(Status ?? 'off')
} catch (error) {
  console.error(`domain-index: whether ${bucket} keeps versions could not be seen: ${error.name}`)
} finally {
  client.destroy()
}
