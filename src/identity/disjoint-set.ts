/** Union-find over the numbers 0..size-1. */
export interface DisjointSet {
  /** The number that stands for the set of `item`. */
  find(item: number): number;
  union(a: number, b: number): void;
  copy(): DisjointSet;
}

/** Makes `size` sets of one. The smaller root always stands for a set, so the result depends on the unions only. */
export function disjointSet(size: number): DisjointSet {
  const parents = new Int32Array(size);
  for (let i = 0; i < size; i++) parents[i] = i;
  return over(parents);
}

function over(parents: Int32Array): DisjointSet {
  const find = (item: number): number => {
    let root = item;
    while (parents[root] !== root) root = parents[root]!;
    for (let at = item; at !== root; ) {
      const next = parents[at]!;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  return {
    find,
    union(a, b) {
      const left = find(a);
      const right = find(b);
      if (left < right) parents[right] = left;
      else if (right < left) parents[left] = right;
    },
    copy: () => over(parents.slice()),
  };
}
