import { createHash } from 'node:crypto';
import type { AccountInfo, ConnectionConfig } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { nearest } from '../../src/model/nearest.ts';
import type { Folder } from './folder.ts';

const SETTINGS = ['folder', 'currency'];

/** Problems of a CSV connection's configuration; looks at no file. */
export function checkConfig(
  config: ConnectionConfig,
): readonly { readonly path: string; readonly message: string }[] {
  const problems: { readonly path: string; readonly message: string }[] = [];
  const add = (path: string, message: string): void => {
    problems.push({ path, message });
  };
  const settings = config.settings ?? {};
  const folder = settings['folder'];
  if (typeof folder !== 'string' || folder.trim() === '' || folder.includes('\0')) {
    add('settings.folder', 'expected the path of the folder with the CSV files, such as data/crm');
  }
  const currency = settings['currency'];
  if (currency !== undefined && !(typeof currency === 'string' && /^[A-Z]{3}$/.test(currency))) {
    add('settings.currency', 'expected the code of the currency that amounts are in, such as EUR');
  }
  for (const key of Object.keys(settings)) {
    if (SETTINGS.includes(key)) continue;
    const near = nearest(key, SETTINGS);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    add(`settings.${key}`, `a CSV folder has the settings ${SETTINGS.join(' and ')} only.${hint}`);
  }
  if (config.auth.kind !== 'none') {
    add('auth.kind', `a CSV folder needs no credentials: leave auth out; found ${config.auth.kind}`);
  }
  if (config.baseUrl !== undefined) add('baseUrl', 'a CSV folder has no address: use settings.folder');
  if (config.requestsPer10s !== undefined) add('budget.requestsPer10s', 'a CSV folder has no request limit');
  return problems;
}

/** Looks whether the folder is there. Throws `crm_unreachable` when it is not, `crm_permission` when it cannot be read,
 *  `crm_credentials` when there are credentials, which nothing here could check. */
export async function check(folder: Folder, config: ConnectionConfig): Promise<AccountInfo> {
  if (config.auth.kind !== 'none') {
    throw new WaystageError(
      'crm_credentials',
      `CSV folder connection ${config.id} has credentials of kind ${config.auth.kind}, and a folder takes none. ` +
        'Leave `auth` out; who may read the files is a matter of the file system.',
    );
  }
  const { path, name } = await folder.look();
  // The folder itself, also when it is reached by another path: a hash, because ids are shown and paths are private.
  const accountId = `folder-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`;
  return { accountId, name, timezone: null, dailyRemaining: null, dailyLimit: null };
}
