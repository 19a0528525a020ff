import { setFlagsFromString } from 'node:v8';

/** How far the heap may outgrow what is alive in it, in percent, before the garbage is collected. */
const GROWTH = 25;

/**
 * Has garbage collected early: left alone, Node lets the heap grow to several times what is alive in it. To be called
 * once, when the process starts. The generation of young objects is limited by `--max-semi-space-size`, which only
 * counts on the command line of Node (`bin/node-flags.json`).
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}
