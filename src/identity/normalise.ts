/** Longest address a mail server may carry is 254 octets; what is longer is no address but a text in the wrong field. */
const MAX_EMAIL = 320;
const MAX_HOST = 253;
const NOT_IN_EMAIL = /[\s\p{Cc}\p{Cf}<>,;]/u;
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])$/;
const PRINTABLE_ASCII = /^[\x21-\x7e]*$/;

/** Sites where many companies have a page: with a path, the host is not theirs. */
const PAGE_HOSTS: ReadonlySet<string> = new Set([
  'facebook.com',
  'github.com',
  'instagram.com',
  'linkedin.com',
  'linktr.ee',
  'medium.com',
  'sites.google.com',
  'tiktok.com',
  'twitter.com',
  'x.com',
  'xing.com',
  'youtube.com',
]);

/** An e-mail as it is compared (J30): NFKC, lower case, trimmed; plus-addresses are not folded.
 *  Null for what is no address. */
export function normaliseEmail(raw: string): string | null {
  // The length test comes first: normalising a 64 KB text for each record would be felt.
  if (raw.length > MAX_EMAIL * 2) return null;
  const text = (PRINTABLE_ASCII.test(raw) ? raw : raw.normalize('NFKC').trim()).toLowerCase();
  const at = text.indexOf('@');
  if (at < 1 || at !== text.lastIndexOf('@') || at === text.length - 1) return null;
  if (text.length > MAX_EMAIL || NOT_IN_EMAIL.test(text)) return null;
  return text;
}

/** The host of a web address, an e-mail or a bare domain as it is compared (J30): lower case, ASCII form of
 *  international names, without `www.`. Null for what names no company's host (addresses by number, `localhost`,
 *  a company's page on a shared site). */
export function normaliseDomain(raw: string): string | null {
  if (raw.length > 4096) return null;
  let text = (PRINTABLE_ASCII.test(raw) ? raw : raw.normalize('NFKC').trim()).toLowerCase();
  const scheme = text.indexOf('://');
  if (scheme >= 0) text = text.slice(scheme + 3);
  else if (text.startsWith('//')) text = text.slice(2);
  const end = text.search(/[/?#\\]/);
  const path = end < 0 ? '' : text.slice(end + 1);
  if (end >= 0) text = text.slice(0, end);
  text = text.slice(text.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  while (text.endsWith('.')) text = text.slice(0, -1);
  if (!PRINTABLE_ASCII.test(text)) text = asciiHost(text);
  if (text.startsWith('www.') && text.indexOf('.', 4) > 0) text = text.slice(4);
  if (text.length > MAX_HOST || !HOST.test(text)) return null;
  return path !== '' && PAGE_HOSTS.has(text) ? null : text;
}

/** `münchen.de` -> `xn--mnchen-3ya.de`; '' when it is no host. */
function asciiHost(host: string): string {
  return URL.parse(`http://${host}`)?.hostname ?? '';
}
