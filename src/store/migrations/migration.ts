import type { Kysely } from 'kysely';

export interface Migration {
  readonly number: number;
  readonly name: string;
  /** Older code cannot work with the tables afterwards: it refuses to open them. */
  readonly breaking: boolean;
  up(db: Kysely<unknown>): Promise<void>;
}
