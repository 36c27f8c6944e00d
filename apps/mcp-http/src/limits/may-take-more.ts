/**
 * Whether a caller that has so much of something may take more, where so much is free. Alone, it gets three quarters of all; of
 * several that take what they can, each gets as much as the others, and a part is left for one more.
 */
export const leavesEnough = (taken: number, free: number): boolean => taken < 3 * free;
