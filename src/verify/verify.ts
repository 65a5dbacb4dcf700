import type { Tool } from '../stage/tool.ts'

export const verify = undefined as unknown as Tool
