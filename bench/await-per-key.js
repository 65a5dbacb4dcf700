// The script that most people write for this: one key after the other, each awaited. It keeps neither type nor expiry,
// overwrites what is there, and proves nothing.
// usage: await-per-key.js PORT < KEYS
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'

const client = new Redis({ port: Number(process.argv[2]) })
for await (const key of createInterface({ input: process.stdin })) {
  const fields = await client.hgetall(key)
  await client.hset(key.replace(/^job:/, 'step:'), fields)
}
await client.quit()
