import type { Route } from './exchange.ts';

export type RouteMatch =
  | { readonly kind: 'found'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'unknown' };

export interface Router {
  /** `path` is the raw path without the query. Broken percent-encoding matches nothing. */
  match(method: string, path: string): RouteMatch;
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Strict: no trailing slash is forgiven, no case is folded, an empty segment matches no name. */
export function createRouter(routes: readonly Route[]): Router {
  const byLength = new Map<number, Compiled[]>();
  const seen = new Set<string>();
  for (const route of routes) {
    const id = `${route.method} ${route.pattern.replace(/:[^/]+/g, ':')}`;
    if (seen.has(id))
      throw new Error(`Two routes answer ${route.method} ${route.pattern}; keep one of them.`);
    seen.add(id);
    const segments = route.pattern.split('/').slice(1);
    const list = byLength.get(segments.length) ?? [];
    list.push({ route, segments });
    byLength.set(segments.length, list);
  }
  for (const list of byLength.values()) list.sort((a, b) => compareSpecific(a.segments, b.segments));
  return {
    match: (method, path) => {
      let parts: string[];
      try {
        parts = path.split('/').slice(1).map(decodeURIComponent);
      } catch {
        return { kind: 'unknown' };
      }
      const allowed: string[] = [];
      for (const { route, segments } of byLength.get(parts.length) ?? []) {
        const params = paramsOf(segments, parts);
        if (params === null) continue;
        if (route.method === method) return { kind: 'found', route, params };
        if (!allowed.includes(route.method)) allowed.push(route.method);
      }
      return allowed.length > 0 ? { kind: 'wrong-method', allowed } : { kind: 'unknown' };
    },
  };
}

function compareSpecific(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < a.length; index += 1) {
    const left = a[index]!.startsWith(':') ? 1 : 0;
    const right = b[index]!.startsWith(':') ? 1 : 0;
    if (left !== right) return left - right;
  }
  return 0;
}

function paramsOf(segments: readonly string[], parts: readonly string[]): Record<string, string> | null {
  const params: Record<string, string> = {};
  for (let index = 0; index < segments.length; index += 1) {
    const segment = segments[index]!;
    const part = parts[index]!;
    if (segment.startsWith(':')) {
      if (part === '') return null;
      params[segment.slice(1)] = part;
    } else if (segment !== part) {
      return null;
    }
  }
  return params;
}
