/** A small judge of JSON Schema draft 7, for the keywords that our schemas use; an unknown keyword is an error, so that
 *  nothing is passed over in silence. Returns the first places that do not fit. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const ANNOTATIONS = new Set(['$schema', 'title', 'description', 'default', 'examples', 'id', 'definitions']);

export function misfits(root: JsonSchema, value: unknown): readonly string[] {
  const found: string[] = [];
  judge(root, root, value, '', (place) => found.push(place));
  return found;
}

type Report = (place: string) => void;

function fits(root: JsonSchema, schema: unknown, value: unknown): boolean {
  let good = true;
  judge(root, schema, value, '', () => {
    good = false;
  });
  return good;
}

function judge(root: JsonSchema, schema: unknown, value: unknown, place: string, report: Report): void {
  if (typeof schema === 'boolean') {
    if (!schema) report(place);
    return;
  }
  const rules = schema as JsonSchema;
  const object = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = object ? Object.entries(value as Record<string, unknown>) : [];
  const fail = (keyword: string): void => report(`${place || '/'} ${keyword}`);
  for (const [keyword, rule] of Object.entries(rules)) {
    switch (keyword) {
      case '$ref': {
        const name = String(rule).replace('#/definitions/', '');
        const target = rule === '#' ? root : (root['definitions'] as Record<string, unknown>)[name];
        if (target === undefined) throw new Error(`no definition ${String(rule)}`);
        judge(root, target, value, place, report);
        break;
      }
      case 'type': {
        const wanted = [rule].flat();
        const type = typeOf(value);
        if (!wanted.includes(type) && !(type === 'integer' && wanted.includes('number'))) fail('type');
        break;
      }
      case 'enum':
        if (!(rule as unknown[]).includes(value)) fail('enum');
        break;
      case 'const':
        if (rule !== value) fail('const');
        break;
      case 'pattern':
        if (typeof value === 'string' && !new RegExp(String(rule), 'u').test(value)) fail('pattern');
        break;
      case 'minLength':
        if (typeof value === 'string' && value.length < Number(rule)) fail('minLength');
        break;
      case 'minimum':
        if (typeof value === 'number' && value < Number(rule)) fail('minimum');
        break;
      case 'exclusiveMinimum':
        if (typeof value === 'number' && value <= Number(rule)) fail('exclusiveMinimum');
        break;
      case 'maximum':
        if (typeof value === 'number' && value > Number(rule)) fail('maximum');
        break;
      case 'anyOf':
      case 'oneOf':
        if (!(rule as unknown[]).some((one) => fits(root, one, value))) fail(keyword);
        break;
      case 'allOf':
        for (const one of rule as unknown[]) judge(root, one, value, place, report);
        break;
      case 'items': {
        if (!Array.isArray(value)) break;
        for (const [index, item] of value.entries()) {
          const one = Array.isArray(rule) ? (rule[index] ?? rules['additionalItems'] ?? true) : rule;
          judge(root, one, item, `${place}/${index}`, report);
        }
        break;
      }
      case 'additionalItems':
        break;
      case 'minItems':
        if (Array.isArray(value) && value.length < Number(rule)) fail('minItems');
        break;
      case 'maxItems':
        if (Array.isArray(value) && value.length > Number(rule)) fail('maxItems');
        break;
      case 'minProperties':
        if (object && entries.length < Number(rule)) fail('minProperties');
        break;
      case 'required':
        if (object)
          for (const key of rule as string[])
            if (!Object.hasOwn(value as object, key)) fail(`required ${key}`);
        break;
      case 'propertyNames':
        for (const [key] of entries) if (!fits(root, rule, key)) report(`${place}/${key} name`);
        break;
      case 'properties':
        for (const [key, item] of entries) {
          const one = (rule as Record<string, unknown>)[key];
          if (one !== undefined) judge(root, one, item, `${place}/${key}`, report);
        }
        break;
      case 'additionalProperties': {
        const named = (rules['properties'] ?? {}) as Record<string, unknown>;
        for (const [key, item] of entries)
          if (!Object.hasOwn(named, key)) judge(root, rule, item, `${place}/${key}`, report);
        break;
      }
      default:
        if (!ANNOTATIONS.has(keyword)) throw new Error(`keyword ${keyword} is not known here`);
    }
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}
