import type { ListName } from '../../../src/model/facts.ts';
import type { Span } from './local-time.ts';

/** Rules as the reference reads them, from both spellings (J6). */
export type Kind = 'text' | 'number' | 'boolean' | 'instant';
export type Compared = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Over = 'count' | 'sum' | 'min' | 'max' | 'avg' | 'latest';

/** Items of the subject, or of the account of a person; `item` names the one that is looked at. */
export interface Items {
  readonly list: ListName;
  readonly ofAccount: boolean;
  readonly item: number;
  readonly where: Rule | null;
}

export type Value =
  | { readonly is: 'constant'; readonly kind: Kind; readonly value: string | number | boolean }
  | {
      readonly is: 'field';
      readonly kind: Kind;
      readonly of: 'person' | 'account' | number;
      readonly field: string;
    }
  | {
      readonly is: 'state';
      readonly kind: Kind;
      readonly of: 'own' | 'self' | 'account' | number;
      readonly journey: string;
      readonly key: 'stage' | 'entered' | 'previous' | 'visits' | 'score' | 'band';
    }
  | {
      readonly is: 'arithmetic';
      readonly kind: 'number';
      readonly sign: string;
      readonly left: Value;
      readonly right: Value;
    }
  | {
      readonly is: 'over';
      readonly kind: Kind;
      readonly fn: Over;
      readonly items: Items;
      readonly of: Value | null;
    }
  | { readonly is: 'days since'; readonly kind: 'number'; readonly of: Value }
  | { readonly is: 'ago'; readonly kind: 'instant'; readonly span: Span };

export type Rule =
  | { readonly is: 'always'; readonly value: boolean }
  | { readonly is: 'all' | 'any'; readonly rules: readonly Rule[] }
  | { readonly is: 'not'; readonly rule: Rule }
  | {
      readonly is: 'compare';
      readonly sign: Compared;
      readonly left: Value;
      readonly right: Value;
      readonly sensitive: boolean;
    }
  | {
      readonly is: 'one of';
      readonly left: Value;
      readonly values: readonly (string | number | boolean)[];
      readonly negated: boolean;
      readonly sensitive: boolean;
    }
  | {
      readonly is: 'contains' | 'starts_with' | 'ends_with';
      readonly left: Value;
      readonly text: string;
      readonly sensitive: boolean;
    }
  | { readonly is: 'within' | 'within_next' | 'older_than'; readonly left: Value; readonly span: Span }
  | { readonly is: 'exists'; readonly value: Value }
  | { readonly is: 'some' | 'none' | 'every'; readonly items: Items }
  | { readonly is: 'segment'; readonly name: string };
