import type { Rng } from './prng.ts';
import type { Channel } from './vocabulary.ts';

/** What an activity is about; the plot of an account decides. */
export type Tone = 'nurture' | 'sales' | 'onboarding' | 'success' | 'trouble' | 'winback' | 'reference';

const SUBJECTS: Readonly<Record<string, Readonly<Record<Tone, readonly string[]>>>> = {
  en: {
    nurture: [
      'Your download and two more ideas',
      'A quick introduction',
      'What teams like yours ask us first',
    ],
    sales: [
      'Proposal and next steps',
      'Questions on pricing',
      'Security questionnaire',
      'Demo of the planner',
    ],
    onboarding: ['Kick-off', 'Data import, part 2', 'Training for administrators', 'Go-live checklist'],
    success: ['Quarterly review', 'New features for your team', 'Usage check-in', 'Thanks for the feedback'],
    trouble: [
      'Still waiting for a fix',
      'Escalation of the open issue',
      "It's broken again",
      'Service credits',
    ],
    winback: ['We would like to hear from you', 'What has changed since we last spoke'],
    reference: ['Reference call agreed', 'Draft of your success story', 'Speaking at our user day'],
  },
  de: {
    nurture: ['Ihr Download und zwei weitere Ideen', 'Kurze Vorstellung'],
    sales: ['Angebot und nächste Schritte', 'Rückfragen zum Preis', 'Prüfung durch den Datenschutz'],
    onboarding: ['Auftakt', 'Schulung der Administratoren', 'Übernahme der Daten, Teil 2'],
    success: ['Quartalsgespräch', 'Neuerungen für Ihr Team', 'Danke für die Rückmeldung'],
    trouble: ['Wir warten noch immer auf eine Lösung', 'Eskalation des offenen Falls'],
    winback: ['Was sich seit unserem letzten Gespräch geändert hat'],
    reference: ['Referenzgespräch zugesagt', 'Entwurf Ihrer Erfolgsgeschichte'],
  },
  fr: {
    nurture: ['Votre téléchargement et deux idées', 'Présentation rapide'],
    sales: ['Proposition et prochaines étapes', 'Questions sur le prix'],
    onboarding: ['Réunion de lancement', 'Formation des administrateurs'],
    success: ['Revue trimestrielle', 'Nouveautés pour votre équipe'],
    trouble: ['Toujours en attente d’une correction', 'Escalade du dossier ouvert'],
    winback: ['Ce qui a changé depuis notre dernier échange'],
    reference: ['Appel de référence accepté'],
  },
  es: {
    nurture: ['Su descarga y dos ideas más', 'Una breve presentación'],
    sales: ['Propuesta y próximos pasos', 'Preguntas sobre el precio'],
    onboarding: ['Inicio del proyecto', 'Formación de administradores'],
    success: ['Revisión trimestral', 'Novedades para su equipo'],
    trouble: ['Seguimos esperando una solución', '¿Hay novedades de la incidencia?'],
    winback: ['Qué ha cambiado desde la última vez'],
    reference: ['Llamada de referencia acordada'],
  },
  ja: {
    nurture: ['資料ダウンロードのお礼'],
    sales: ['お見積りと今後の進め方', 'セキュリティに関するご質問'],
    onboarding: ['キックオフ', '管理者向け研修'],
    success: ['四半期レビュー', '新機能のご案内'],
    trouble: ['障害対応の状況について'],
    winback: ['その後いかがでしょうか'],
    reference: ['導入事例へのご協力'],
  },
  ar: {
    nurture: ['مقدمة قصيرة'],
    sales: ['العرض والخطوات التالية'],
    onboarding: ['اجتماع الانطلاق'],
    success: ['المراجعة الفصلية'],
    trouble: ['ما زلنا ننتظر الحل'],
    winback: ['نود أن نسمع منكم'],
    reference: ['مكالمة مرجعية'],
  },
};

const FRONT: Readonly<Record<Channel, string>> = {
  email: '',
  call: 'Call: ',
  meeting: '',
  note: 'Note: ',
  task: 'Follow up: ',
  communication: '',
};

/** A subject line in the customer's language where the company writes it, English elsewhere. */
export function subjectLine(rng: Rng, tag: string, tone: Tone, channel: Channel, reply: boolean): string {
  const texts = SUBJECTS[tag] ?? SUBJECTS['en']!;
  const text = rng.pick(texts[tone]);
  return reply ? `Re: ${text}` : FRONT[channel] + text;
}

export const TICKET_SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  billing: ['Invoice shows the wrong seats', 'Rechnung nicht erhalten', 'Double charge in March'],
  bug: [
    'Export stops at row 10,000',
    'Umlaute im Export fehlerhaft',
    'Planner shows "undefined"',
    '日付が一日ずれる',
  ],
  how_to: ['How do I add a calendar?', 'Wie lege ich Rollen an?', '¿Cómo cambio el idioma?'],
  feature: ['Wish: dark mode', 'Bulk edit of shifts', "Support for 'week 53'"],
  outage: ['Nobody can log in', 'Planner is down', 'API answers 503 since 9:00', 'Système indisponible'],
};

export const COMMENTS: Readonly<Record<'good' | 'mixed' | 'bad', readonly string[]>> = {
  good: [
    'Could not plan without it.',
    'Großartiger Support!',
    'サポートが早いです',
    'Best tool we bought 👍',
    'Très satisfaits',
  ],
  mixed: ['Fine, but the export is slow.', 'In Ordnung.', 'Está bien.', 'ok'],
  bad: [
    'Weeks without an answer.',
    'Zu viele Ausfälle, "unzumutbar".',
    'We are looking at others.',
    'Trop de pannes',
  ],
};
