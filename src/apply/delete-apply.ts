import type { Tool } from '../stage/tool.ts'

export const deleteApply = undefined as unknown as Tool
