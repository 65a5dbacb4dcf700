/** Originals that are gone when their turn comes, or were deleted, and are there again by the next plan. */
import { expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { INDEX, pipelineOn } from './index.ts'
import { directory } from './places.ts'

const BODY = '{"domain":"site.com"}'
const OTHER = '{"domain":"other.com"}'

test('they are copied by the next run, and named where a copy of another content is there', async () => {
  const place = await directory({ [`${INDEX}site-com.json`]: BODY, [`${INDEX}other-com.json`]: OTHER })
  const { run } = pipelineOn(place, await directoryWith({}))
  await run('plan')
  await place.remove(`${INDEX}site-com.json`)
  expect(await run('copy')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 skipped: gone') })
  await place.write(`${INDEX}site-com.json`, BODY)
  const all = await run('all --no-backup')
  expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('Originals deleted so far: 2') })
  expect(Object.keys(await place.contents()).toSorted()).toEqual([`${INDEX}other.com.json`, `${INDEX}site.com.json`])

  await place.write(`${INDEX}site-com.json`, '{"domain":"site.com","by":"a worker of the old code"}')
  const again = await run('all --no-backup')
  expect(again.code).toBe(1)
  expect(again.stdout).toContain('site.com.json differs from indexes/domains/site-com.json: size')
  expect(Object.keys(await place.contents())).toHaveLength(3)
}, 120_000)
