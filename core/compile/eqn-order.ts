/** Orders of equations in which some run after others that they do not depend on. */
import { sizeOf } from '../base/aval.ts';
import { hasEffect } from '../ir/effects.ts';
import type { Eqn, Var } from '../ir/program.ts';

/** A reader of an array with a result of at least this share of it may be no more than a view. */
const viewShare = 1 / 4;

const sizeOfVar = ({ aval }: Var): number => sizeOf(aval.shape);

/** The equations of a program and what must come before what. */
export class EqnOrder {
  readonly #eqns: readonly Eqn[];
  readonly #place: ReadonlyMap<Eqn, number>;
  readonly #readers = new Map<Var, Eqn[]>();
  readonly #producer = new Map<Var, Eqn>();
  /** What must come before an equation besides what it reads, and the reverse. */
  readonly #earlier = new Map<Eqn, Eqn[]>();
  readonly #later = new Map<Eqn, Eqn[]>();
  #isMoved = false;

  constructor(eqns: readonly Eqn[]) {
    this.#eqns = eqns;
    this.#place = new Map(eqns.map((eqn, i) => [eqn, i]));
    let lastEffect: Eqn | null = null;
    for (const eqn of eqns) {
      for (const variable of new Set(eqn.inputs)) push(this.#readers, variable, eqn);
      for (const variable of eqn.outputs) this.#producer.set(variable, eqn);
      if (!hasEffect(eqn)) continue;
      if (lastEffect !== null) this.#put(lastEffect, eqn);
      lastEffect = eqn;
    }
  }

  /**
   * Puts all other readers of an array before `eqn`, and, where they can be, what reads it through them; false
   * if a reader depends on `eqn`.
   */
  runLast(eqn: Eqn, array: Var): boolean {
    const readers = this.#readersOf(array, eqn);
    if (readers.length === 0) return true;
    const after = this.#reach(eqn);
    if (readers.some((reader) => after.has(reader))) return false;
    const size = sizeOfVar(array);
    const seen = new Set<Eqn>();
    const put = (reader: Eqn): void => {
      if (seen.has(reader) || after.has(reader)) return;
      seen.add(reader);
      this.#put(reader, eqn);
      for (const result of reader.outputs) {
        if (sizeOfVar(result) >= viewShare * size) this.#readersOf(result, eqn).forEach(put);
      }
    };
    readers.forEach(put);
    return true;
  }

  /** The equations, as far as possible in the order in which they were given. */
  eqns(): readonly Eqn[] {
    if (!this.#isMoved) return this.#eqns;
    const done = new Set<Eqn>();
    const order: Eqn[] = [];
    const visit = (eqn: Eqn): void => {
      if (done.has(eqn)) return;
      done.add(eqn);
      for (const variable of eqn.inputs) {
        const producer = this.#producer.get(variable);
        if (producer !== undefined) visit(producer);
      }
      this.#earlier.get(eqn)?.forEach(visit);
      order.push(eqn);
    };
    this.#eqns.forEach(visit);
    return order;
  }

  #readersOf(array: Var, except: Eqn): Eqn[] {
    return (this.#readers.get(array) ?? []).filter((reader) => reader !== except);
  }

  #put(first: Eqn, second: Eqn): void {
    push(this.#earlier, second, first);
    push(this.#later, first, second);
    if ((this.#place.get(first) ?? 0) > (this.#place.get(second) ?? 0)) this.#isMoved = true;
  }

  /** All that must come after an equation. */
  #reach(from: Eqn): ReadonlySet<Eqn> {
    const found = new Set<Eqn>();
    const open = [from];
    for (let eqn = open.pop(); eqn !== undefined; eqn = open.pop()) {
      const next = [
        ...eqn.outputs.flatMap((variable) => this.#readers.get(variable) ?? []),
        ...(this.#later.get(eqn) ?? []),
      ];
      for (const other of next) {
        if (found.has(other)) continue;
        found.add(other);
        open.push(other);
      }
    }
    return found;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
