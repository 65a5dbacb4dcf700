import type { Tool } from '../stage/tool.ts'

export const rewriteKeys = undefined as unknown as Tool
