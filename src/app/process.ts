import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** A new id: sorts by time, unique by chance, also among the hundreds of thousands that the ledger of a large write
 *  takes in one second. `20261121-093015-5f3a9c1e07b2d846`. */
export function newId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-');
  return `${stamp}-${randomBytes(8).toString('hex')}`;
}

/** Names this process in a lease. */
export function holderName(): string {
  return `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`;
}

/** A holder on another machine counts as alive: its lease has to expire. */
export function holderAlive(holder: string): boolean {
  const [host, pid] = holder.split('/');
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
