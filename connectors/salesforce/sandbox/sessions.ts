import { createHash, createHmac } from 'node:crypto';

interface Session {
  /** Epoch milliseconds of sandbox time; null: does not expire. */
  readonly expires: number | null;
}

/** Access tokens: one fixed token that works from the start, and those the token endpoint hands out. */
export class Sessions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Works until it is expired by a control route or revoked. */
  readonly fixedToken: string;
  readonly #lifetime: number;
  readonly #organization: string;
  #sessions = new Map<string, Session>();
  #issued = 0;

  constructor(seed: number, organization: string, lifetimeMs: number) {
    const secret = (name: string): string =>
      createHash('sha256').update(`${name} ${seed} ${organization}`).digest('base64url');
    this.clientId = `3MVG9sandbox.${secret('client id').slice(0, 40)}`;
    this.clientSecret = secret('client secret')
      .toUpperCase()
      .replace(/[^0-9A-Z]/g, '7');
    this.#organization = organization;
    this.#lifetime = lifetimeMs;
    this.fixedToken = this.#token('fixed');
    this.reset();
  }

  /** Back to the fixed token alone. */
  reset(): void {
    this.#sessions = new Map([[this.fixedToken, { expires: null }]]);
  }

  /** A new access token that lasts for the session's lifetime, counted from `now`. */
  issue(now: number): string {
    this.#issued += 1;
    const token = this.#token(`issued ${this.#issued}`);
    this.#sessions.set(token, { expires: now + this.#lifetime });
    return token;
  }

  isValid(token: string, now: number): boolean {
    const session = this.#sessions.get(token);
    return session !== undefined && (session.expires === null || now < session.expires);
  }

  /** Answers false for a token that is not known. */
  revoke(token: string): boolean {
    return this.#sessions.delete(token);
  }

  /** One token stops working; the fixed one goes on, because nobody could have it renewed. */
  end(token: string): void {
    if (token !== this.fixedToken) this.#sessions.delete(token);
  }

  /** Every token handed out so far stops working, the fixed one included. */
  expireAll(): void {
    this.#sessions.clear();
  }

  /** The `signature` of a token answer. */
  sign(text: string): string {
    return createHmac('sha256', this.clientSecret).update(text).digest('base64');
  }

  /** Org id, `!`, opaque text: never the dotted form of a JWT, which SOAP calls would refuse. */
  #token(name: string): string {
    const opaque = createHash('sha256').update(`${this.clientSecret} ${name}`).digest('base64url');
    return `${this.#organization.slice(0, 15)}!AQ${opaque}`;
  }
}
