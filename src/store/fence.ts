/** Proof that the holder of a lease still holds it. */
export interface Fence {
  readonly lease: string;
  readonly fence: number;
}
