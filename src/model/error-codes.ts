/**
 * Every error code, with the exit status it leads to. The comments are the manual.
 * Exit: 1 some records or checks failed · 2 wrong use or invalid configuration or mapping · 3 a CRM cannot be
 * reached or refuses the credentials.
 */
export const ERROR_CODES = {
  /** A command was called with wrong arguments. */
  usage: { exit: 2 },
  /** `config/waystage.yaml` cannot be read or does not fit its schema. */
  config_invalid: { exit: 2 },
  /** A mapping or field map has errors; each is listed with file, line and column. */
  mapping_invalid: { exit: 2 },
  /** The named subject, record, run or connection does not exist in the store. */
  not_found: { exit: 2 },
  /** The database was written by a newer version, is locked, damaged, full or read-only. */
  store_unusable: { exit: 1 },
  /** A value that no database column can hold faithfully (lone surrogate, Date object). */
  value_unstorable: { exit: 1 },
  /** The CRM refused the credentials, or the grant is dead: somebody must connect again. */
  crm_credentials: { exit: 3 },
  /** No connection, time-out, TLS or 5xx after all retries. */
  crm_unreachable: { exit: 3 },
  /** The credentials are good but a scope or permission is missing. */
  crm_permission: { exit: 1 },
  /** The 10-second, secondly or concurrent limit; retried after a pause. */
  crm_rate_limit: { exit: 1 },
  /** The daily quota is spent; nothing to do until it resets. */
  crm_quota: { exit: 1 },
  /** The CRM answered something that is not what its API promises (HTML, cut JSON, wrong counts). */
  crm_bad_answer: { exit: 1 },
  /** The CRM refused the request as wrong (4xx): a bug of ours or a field that went away. */
  crm_refused: { exit: 1 },
  /** A paging cursor of the CRM has expired; the slice is restarted from the last checkpoint. */
  crm_cursor_expired: { exit: 1 },
  /** A saved plan does not fit any more: its mapping, the configuration or who belongs together changed, or it is old. */
  plan_stale: { exit: 1 },
  /** Another process is syncing this connection. */
  busy: { exit: 1 },
  /** The run was stopped by a signal. */
  stopped: { exit: 1 },
  /** A promise of the code itself was broken; please report it. */
  internal: { exit: 1 },
} as const satisfies Record<string, { readonly exit: 1 | 2 | 3 }>;

export type ErrorCode = keyof typeof ERROR_CODES;
