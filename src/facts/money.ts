import { rateOf } from '../mapping/rates.ts';
import type { Rates } from '../mapping/types.ts';
import type { SourceReader } from './source.ts';
import type { FactConnection } from './types.ts';

/** An amount in the currency that rules count in (J5), to the cent, so that equal amounts in two CRMs are equal. The
 *  origin says at which rate. Without rates, or where the connection does not tell its currency, as it is. */
export function inHomeCurrency(
  reader: SourceReader,
  rates: Rates | undefined,
  connection: FactConnection,
): SourceReader {
  const currency = connection.homeCurrency ?? null;
  if (rates === undefined || currency === null || currency === rates.to) return reader;
  const rate = rateOf(rates, currency);
  return {
    ...reader,
    field: rate === null ? reader.field : `${reader.field} (${currency} at ${rate})`,
    read: (record, complain) => {
      const value = reader.read(record, complain);
      if (typeof value !== 'number') return value;
      if (rate !== null) return Math.round(value * rate * 100) / 100;
      complain(`${reader.field} is in ${currency}, for which rates: says nothing; it counts as no value`);
      return null;
    },
  };
}
