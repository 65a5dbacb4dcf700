// Makes a bucket at AWS_ENDPOINT_URL_S3. usage: bucket.js s3://BUCKET
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'

// The SDK speaks of Node 20 at each start.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
const client = new S3Client({ forcePathStyle: true })
await client.send(new CreateBucketCommand({ Bucket: new URL(process.argv[2]).hostname }))
client.destroy()
