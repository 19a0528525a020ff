/** `Account.Name` as `['Account', 'Name']`, with its place in the query. */
export interface Path {
  readonly parts: readonly string[];
  readonly text: string;
  readonly at: number;
}

export type AggregateName = 'COUNT' | 'COUNT_DISTINCT' | 'MIN' | 'MAX' | 'SUM' | 'AVG';

export type SelectItem =
  | { readonly kind: 'field'; readonly path: Path; readonly alias: string | null }
  /** `COUNT()` alone: the answer is `totalSize`. */
  | { readonly kind: 'count'; readonly at: number }
  | {
      readonly kind: 'aggregate';
      readonly name: AggregateName;
      readonly path: Path;
      readonly alias: string | null;
    }
  | { readonly kind: 'children'; readonly query: Query; readonly at: number }
  | { readonly kind: 'fields'; readonly set: 'ALL' | 'STANDARD' | 'CUSTOM'; readonly at: number };

export interface Literal {
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'date' | 'datetime' | 'span';
  /** Unescaped text. */
  readonly value: string;
  /** Of strings, for LIKE. */
  readonly pattern: string;
  readonly at: number;
}

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | {
      readonly kind: 'compare';
      readonly path: Path;
      readonly operator: Operator;
      readonly literal: Literal;
    }
  | {
      readonly kind: 'in';
      readonly path: Path;
      readonly negated: boolean;
      readonly literals: readonly Literal[];
    }
  | { readonly kind: 'semi-join'; readonly path: Path; readonly negated: boolean; readonly query: Query };

export interface OrderItem {
  readonly path: Path;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

export interface Query {
  readonly text: string;
  readonly select: readonly SelectItem[];
  readonly from: Path;
  readonly alias: string | null;
  readonly where: Condition | null;
  readonly groupBy: readonly Path[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: number | null;
  readonly offset: number | null;
}
