import type { Tool } from '../stage/tool.ts'

export const copyApply = undefined as unknown as Tool
