/** What was measured during a run, step by step. */

/** The measurements at one step, by name. */
export interface MetricRecord {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** One measurement over the steps, for a chart. */
export interface Series {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Records in the order of their steps. */
export interface History {
  readonly records: readonly MetricRecord[];
  /**
   * Adds a record. If its step is not after the last one, a run was resumed from an earlier
   * checkpoint: the records from that step on are replaced.
   */
  append(record: MetricRecord): void;
  /** One measurement at the steps that have it. */
  series(name: string): Series;
}

/** A history, empty or with the records of an earlier run. */
export function history(earlier: readonly MetricRecord[] = []): History {
  const records: MetricRecord[] = [];
  const append = (record: MetricRecord): void => {
    while ((records.at(-1)?.step ?? -1) >= record.step && records.length > 0) records.pop();
    records.push(record);
  };
  for (const record of earlier) append(record);
  return {
    records,
    append,
    series: (name) => {
      const points = records.flatMap(({ step, values }) => {
        const value = values[name];
        return value === undefined ? [] : [{ step, value }];
      });
      return { steps: points.map((p) => p.step), values: points.map((p) => p.value) };
    },
  };
}
