/** Search sees new and changed records only some moments later: the next increment begins this much earlier than
 *  the last one did. */
export const OVERLAP_MS = 5 * 60_000;
