/** Which tool made a snapshot; equal to package.json's version, which a test checks. */
export const TOOL = { name: 'impasse', version: '0.1.0' } as const
