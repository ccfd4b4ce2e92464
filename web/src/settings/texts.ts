/** key: [中文, English] */
export const texts = {
} as const satisfies Record<string, readonly [string, string]>;
