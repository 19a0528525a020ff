/** Raw material of names and places by language. Names in other scripts carry their Latin form after a colon. */
export interface LanguageData {
  readonly given: readonly string[];
  readonly family: readonly string[];
  readonly country: string;
  /** How one CRM or the other may write the country. */
  readonly countryVariants: readonly string[];
  readonly cities: readonly string[];
  /** Prefix of telephone numbers. */
  readonly dial: string;
  /** Legal forms companies carry. */
  readonly forms: readonly string[];
  readonly freeMail: readonly string[];
  readonly weight: number;
}

const list = (text: string): string[] => text.split(',').map((item) => item.trim());

export const LANGUAGES: Readonly<Record<string, LanguageData>> = {
  en: {
    given: list(
      'James,Mary,Robert,Patricia,William,Elizabeth,Michael,Jennifer,Margaret,Thomas,Sarah,Daniel,Karen,Andrew,Nancy,Joshua,Emily,Benjamin,Olivia,Samuel,Grace,Theodore,Priya,Malik,Siobhán,Owen,Zoë',
    ),
    family: list(
      "Smith,Johnson,Williams,Brown,Jones,Miller,Davis,Wilson,Anderson,Taylor,Moore,Jackson,Martin,Lee,Thompson,White,Harris,Clark,Lewis,Robinson,Walker,O'Connor,Young,King,Wright,Scott,Green,Baker,Adams,Nelson,D'Souza,MacLeod,Okafor,St. John",
    ),
    country: 'United States',
    countryVariants: ['USA', 'US', 'United States of America'],
    cities: list('Boston,Austin,Chicago,Denver,Portland,Atlanta,Columbus,Raleigh'),
    dial: '+1 555',
    forms: ['Inc.', 'LLC', 'Corp.', 'Ltd'],
    freeMail: ['gmail.com', 'outlook.com', 'yahoo.com', 'icloud.com'],
    weight: 34,
  },
  de: {
    given: list(
      'Anna,Jürgen,Katharina,Johannes,Björn,Sabine,Stefan,Ulrike,Matthias,Käthe,Günther,Heike,Sören,Jörg,Susanne,Friedrich,Änne,Maximilian,Nele,Torsten',
    ),
    family: list(
      'Müller,Schäfer,Weiß,Köhler,Schröder,Groß,Jäger,Böhm,Krüger,Möller,Hübner,Löwe,Voß,Schmidt,Becker,Wagner,Hoffmann,von der Heide,Fuchs,Lang,Meyer-Lüdenscheid',
    ),
    country: 'Germany',
    countryVariants: ['Deutschland', 'DE'],
    cities: list('Hamburg,München,Köln,Leipzig,Stuttgart,Nürnberg,Düsseldorf'),
    dial: '+49 30',
    forms: ['GmbH', 'AG', 'GmbH & Co. KG', 'SE'],
    freeMail: ['gmx.de', 'web.de', 't-online.de', 'gmail.com'],
    weight: 16,
  },
  fr: {
    given: list(
      'Élodie,François,Hélène,Jérôme,Zoé,Benoît,Chloé,Gaëlle,Noël,Camille,Mathieu,Aurélie,Loïc,Océane,Thibault',
    ),
    family: list(
      "Lefèvre,Dubois,Girard,Gautier,Béranger,Lemaître,Chevalier,D'Aubigné,Moreau,Fournier,Crépin,de La Tour,Rousseau,Garçon",
    ),
    country: 'France',
    countryVariants: ['FR', 'République française'],
    cities: list('Lyon,Paris,Nantes,Bordeaux,Lille,Besançon'),
    dial: '+33 1',
    forms: ['SA', 'SARL', 'SAS'],
    freeMail: ['orange.fr', 'laposte.net', 'gmail.com'],
    weight: 8,
  },
  es: {
    given: list(
      'José,María,Francisco,Lucía,Iñigo,Begoña,Andrés,Sofía,Ramón,Inés,Joaquín,Verónica,Álvaro,Núria',
    ),
    family: list(
      'García,Núñez,Peña,Muñoz,Ibáñez,Rodríguez López,Hernández,Castaño,Jiménez,Ordóñez,Vázquez,Gil',
    ),
    country: 'Spain',
    countryVariants: ['España', 'ES'],
    cities: list('Madrid,Barcelona,Málaga,A Coruña,Valencia,Sevilla'),
    dial: '+34 91',
    forms: ['S.L.', 'S.A.'],
    freeMail: ['hotmail.es', 'gmail.com'],
    weight: 7,
  },
  pt: {
    given: list('João,Inês,Conceição,Antônio,Beatriz,Luís,Patrícia,Gonçalo,Letícia,Caio,Tânia'),
    family: list('Araújo,Gonçalves,Conceição,da Silva,Magalhães,Simões,Corrêa,Brandão,Teixeira,dos Santos'),
    country: 'Brazil',
    countryVariants: ['Brasil', 'BR'],
    cities: list('São Paulo,Curitiba,Florianópolis,Recife,Belém'),
    dial: '+55 11',
    forms: ['Ltda.', 'S.A.'],
    freeMail: ['uol.com.br', 'gmail.com', 'hotmail.com'],
    weight: 5,
  },
  pl: {
    given: list('Łukasz,Małgorzata,Paweł,Agnieszka,Michał,Żaneta,Sławomir,Joanna,Grzegorz,Bożena'),
    family: list('Wójcik,Dąbrowski,Żak,Kołodziej,Śliwa,Nowak,Zięba,Gałązka,Jabłoński,Brzęczyszczykiewicz'),
    country: 'Poland',
    countryVariants: ['Polska', 'PL'],
    cities: list('Warszawa,Kraków,Łódź,Wrocław,Gdańsk'),
    dial: '+48 22',
    forms: ['Sp. z o.o.', 'S.A.'],
    freeMail: ['wp.pl', 'onet.pl', 'gmail.com'],
    weight: 4,
  },
  tr: {
    given: list('Ayşe,Çağlar,İbrahim,Gülşen,Ömer,Şule,Uğur,Işıl,Emre,Nazlı'),
    family: list('Yılmaz,Çelik,Öztürk,Şahin,Doğan,Kılıç,Güneş,Aydın,İnce'),
    country: 'Turkey',
    countryVariants: ['Türkiye', 'TR'],
    cities: list('İstanbul,Ankara,İzmir,Eskişehir'),
    dial: '+90 212',
    forms: ['A.Ş.', 'Ltd. Şti.'],
    freeMail: ['hotmail.com', 'gmail.com'],
    weight: 3,
  },
  ja: {
    given: list(
      '翔太:Shota,陽子:Yoko,健一:Kenichi,美咲:Misaki,大輔:Daisuke,さくら:Sakura,直樹:Naoki,ヒカル:Hikaru',
    ),
    family: list(
      '佐藤:Sato,鈴木:Suzuki,高橋:Takahashi,田中:Tanaka,渡邉:Watanabe,小林:Kobayashi,斎藤:Saito,山﨑:Yamazaki',
    ),
    country: 'Japan',
    countryVariants: ['日本', 'JP'],
    cities: list('東京,大阪,名古屋,札幌'),
    dial: '+81 3',
    forms: ['株式会社', 'K.K.'],
    freeMail: ['yahoo.co.jp', 'gmail.com'],
    weight: 5,
  },
  zh: {
    given: list('伟:Wei,芳:Fang,娜:Na,秀英:Xiuying,敏:Min,静:Jing,磊:Lei,雨桐:Yutong'),
    family: list('王:Wang,李:Li,张:Zhang,刘:Liu,陈:Chen,欧阳:Ouyang,赵:Zhao,吴:Wu'),
    country: 'China',
    countryVariants: ['中国', 'CN'],
    cities: list('上海,北京,深圳,杭州'),
    dial: '+86 21',
    forms: ['有限公司', 'Co., Ltd.'],
    freeMail: ['qq.com', '163.com'],
    weight: 4,
  },
  ko: {
    given: list('민준:Minjun,서연:Seoyeon,지훈:Jihoon,하은:Haeun,도윤:Doyun,수빈:Subin'),
    family: list('김:Kim,이:Lee,박:Park,최:Choi,정:Jung,남궁:Namgung'),
    country: 'South Korea',
    countryVariants: ['대한민국', 'KR', 'Korea'],
    cities: list('서울,부산,대전'),
    dial: '+82 2',
    forms: ['주식회사', 'Co., Ltd.'],
    freeMail: ['naver.com', 'daum.net'],
    weight: 3,
  },
  ar: {
    given: list('محمد:Mohammed,فاطمة:Fatima,أحمد:Ahmad,ليلى:Layla,يوسف:Youssef,نور:Nour'),
    family: list('الخطيب:Al-Khatib,حداد:Haddad,منصور:Mansour,العلي:Al-Ali,درويش:Darwish'),
    country: 'United Arab Emirates',
    countryVariants: ['UAE', 'AE'],
    cities: list('دبي,أبو ظبي,الشارقة'),
    dial: '+971 4',
    forms: ['LLC', 'ش.م.م'],
    freeMail: ['gmail.com', 'hotmail.com'],
    weight: 3,
  },
  he: {
    given: list('נועה:Noa,דוד:David,יעל:Yael,איתי:Itai,שירה:Shira'),
    family: list('כהן:Cohen,לוי:Levi,מזרחי:Mizrahi,פרץ:Peretz,בן־דוד:Ben-David'),
    country: 'Israel',
    countryVariants: ['IL'],
    cities: list('תל אביב,חיפה,ירושלים'),
    dial: '+972 3',
    forms: ['Ltd', 'בע"מ'],
    freeMail: ['walla.co.il', 'gmail.com'],
    weight: 2,
  },
  hi: {
    given: list('आरव:Aarav,दीपिका:Deepika,रोहन:Rohan,प्रिया:Priya,विक्रम:Vikram'),
    family: list('शर्मा:Sharma,गुप्ता:Gupta,सिंह:Singh,अय्यर:Iyer,मेहता:Mehta'),
    country: 'India',
    countryVariants: ['Bharat', 'IN'],
    cities: list('मुंबई,पुणे,दिल्ली'),
    dial: '+91 22',
    forms: ['Pvt. Ltd.', 'Ltd.'],
    freeMail: ['rediffmail.com', 'gmail.com'],
    weight: 3,
  },
  ru: {
    given: list('Алексей:Aleksei,Ольга:Olga,Дмитрий:Dmitrii,Наталья:Natalia,Пётр:Petr,Юлия:Yulia'),
    family: list('Иванов:Ivanov,Кузнецов:Kuznetsov,Соловьёв:Solovev,Щербаков:Shcherbakov,Цой:Tsoi'),
    country: 'Kazakhstan',
    countryVariants: ['Казахстан', 'KZ'],
    cities: list('Алматы,Астана,Қарағанды'),
    dial: '+7 727',
    forms: ['ТОО', 'LLP'],
    freeMail: ['mail.ru', 'gmail.com'],
    weight: 2,
  },
  el: {
    given: list('Γιώργος:Giorgos,Ελένη:Eleni,Κώστας:Kostas,Μαρία:Maria,Νίκος:Nikos'),
    family: list('Παπαδόπουλος:Papadopoulos,Οικονόμου:Oikonomou,Αγγελίδης:Angelidis,Μάρκου:Markou'),
    country: 'Greece',
    countryVariants: ['Ελλάδα', 'GR'],
    cities: list('Αθήνα,Θεσσαλονίκη,Πάτρα'),
    dial: '+30 210',
    forms: ['Α.Ε.', 'S.A.'],
    freeMail: ['gmail.com', 'yahoo.gr'],
    weight: 1,
  },
  th: {
    given: list('สมชาย:Somchai,กมล:Kamon,อรทัย:Orathai,ณัฐ:Nat'),
    family: list('ใจดี:Jaidee,ศรีสุข:Srisuk,วงศ์ทอง:Wongthong,รัตนากร:Rattanakorn'),
    country: 'Thailand',
    countryVariants: ['ประเทศไทย', 'TH'],
    cities: list('กรุงเทพฯ,เชียงใหม่'),
    dial: '+66 2',
    forms: ['Co., Ltd.'],
    freeMail: ['gmail.com', 'hotmail.com'],
    weight: 1,
  },
};

export const LANGUAGE_WEIGHTS: readonly (readonly [string, number])[] = Object.entries(LANGUAGES).map(
  ([tag, data]) => [tag, data.weight] as const,
);
