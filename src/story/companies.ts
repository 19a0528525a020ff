import { familyName, language, slug } from './names.ts';
import type { Rng } from './prng.ts';
import { INDUSTRIES, type Industry } from './vocabulary.ts';

const FRONT = (
  'Nord,Blue,Iron,Silver,Green,Alta,Terra,Luma,Vela,Harbor,Stone,Cedar,Aqua,Solar,Quantum,Copper,Aurora,Delta,Orchid,Falcon,' +
  'Granite,Juniper,Kestrel,Lotus,Maple,Nova,Opal,Pioneer,Raven,Summit,Tundra,Umbra,Vertex,Willow,Zephyr,Amber,Basalt,Crimson'
).split(',');
const BACK =
  'wind,field,bridge,gate,works,mark,path,line,port,crest,forge,haven,spring,ridge,light,stream,point,dale,brook,vale'.split(
    ',',
  );

const TRADES: Readonly<Record<Industry, readonly string[]>> = {
  COMPUTER_SOFTWARE: ['Software', 'Systems', 'Data'],
  BANKING: ['Bank', 'Capital', 'Finance'],
  INSURANCE: ['Insurance', 'Mutual'],
  RETAIL: ['Retail', 'Stores', 'Outfitters'],
  LOGISTICS_AND_SUPPLY_CHAIN: ['Logistics', 'Freight', 'Logistik'],
  MACHINERY: ['Machines', 'Maschinenbau', 'Tools'],
  CHEMICALS: ['Chemicals', 'Chemie'],
  HOSPITAL_HEALTH_CARE: ['Health', 'Clinics'],
  EDUCATION_MANAGEMENT: ['Academy', 'Learning'],
  TELECOMMUNICATIONS: ['Telecom', 'Networks'],
  FOOD_PRODUCTION: ['Foods', 'Bäckerei', 'Kitchens'],
  CONSTRUCTION: ['Construction', 'Bau'],
  RENEWABLES_ENVIRONMENT: ['Energy', 'Renewables'],
  MANAGEMENT_CONSULTING: ['Consulting', 'Partners'],
  HOSPITALITY: ['Hotels', 'Resorts'],
};

export interface CompanyName {
  /** With its legal form: `Nordwind Logistik GmbH`. */
  readonly full: string;
  /** Without it. */
  readonly short: string;
  /** Label of the domain, not yet unique: `nordwind-logistik`. */
  readonly label: string;
}

export const INDUSTRY_VALUES = Object.keys(INDUSTRIES) as readonly Industry[];

/** A made-up company of a country and trade. */
export function companyName(rng: Rng, tag: string, industry: Industry): CompanyName {
  const trade = rng.pick(TRADES[industry]);
  const form = rng.pick(language(tag).forms);
  const family = familyName(rng, tag);
  const coined = rng.pick(FRONT) + rng.pick(BACK);
  const kind = rng.weighted<'coined' | 'family' | 'sons'>([
    ['coined', 7],
    ['family', 3],
    ['sons', 1],
  ]);
  const stem =
    kind === 'coined' ? coined : kind === 'family' ? family.native : `${family.native} & ${coined}`;
  const latin = kind === 'coined' ? coined : kind === 'family' ? family.latin : `${family.latin}${coined}`;
  const short = `${stem} ${trade}`;
  const front = form === '株式会社' || form === '주식회사';
  return {
    full: front ? `${form} ${short}` : `${short} ${form}`,
    short,
    label: `${slug(latin)}-${slug(trade)}`,
  };
}

/** Company names that break what handles text carelessly. */
export const AWKWARD_COMPANIES: readonly string[] = [
  'Null & Void, "Quoted" Inc.',
  'C:\\Temp\\Holdings \\ Söhne',
  '<b>Bold</b> Markup & Co.',
  'שמש "אור" בע"מ',
  '100% Café ☕️ O’Reilly',
  '__proto__',
];
