/** Mail providers whose domain says nothing about the company somebody works for. */
const PROVIDERS: ReadonlySet<string> = new Set(
  `gmail.com googlemail.com icloud.com me.com mac.com proton.me protonmail.com protonmail.ch pm.me tutanota.com
  tutanota.de tuta.io hey.com fastmail.com fastmail.fm zoho.com zohomail.com hushmail.com inbox.com lycos.com
  juno.com netzero.net earthlink.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net
  optonline.net rogers.com shaw.ca sympatico.ca telus.net btinternet.com btopenworld.com talktalk.net virginmedia.com
  ntlworld.com sky.com blueyonder.co.uk web.de t-online.de freenet.de arcor.de posteo.de mailbox.org
  vodafone.de kabelmail.de orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it
  tiscali.it alice.it tin.it telefonica.net terra.es uol.com.br bol.com.br terra.com.br ig.com.br globo.com
  wp.pl o2.pl onet.pl onet.eu interia.pl interia.eu gazeta.pl seznam.cz email.cz centrum.cz azet.sk ziggo.nl kpnmail.nl
  planet.nl home.nl skynet.be telenet.be bluewin.ch sunrise.ch chello.at aon.at telia.com online.no luukku.com
  abv.bg ukr.net i.ua bk.ru inbox.ru list.ru rambler.ru qq.com foxmail.com 163.com 126.com yeah.net sina.com
  sina.cn sohu.com aliyun.com 139.com naver.com hanmail.net daum.net nate.com rediffmail.com docomo.ne.jp ezweb.ne.jp
  softbank.ne.jp nifty.com otenet.gr walla.co.il walla.com bigpond.com bigpond.net.au optusnet.com.au xtra.co.nz
  passport.com mailinator.com`.split(/\s+/),
);

/** Providers with one domain a country: yahoo.co.uk, hotmail.fr, gmx.net. */
const FAMILIES =
  /^(?:yahoo|ymail|rocketmail|hotmail|outlook|live|msn|windowslive|gmx|aol|aim|yandex|mail|email)\.[a-z]{2,3}(?:\.[a-z]{2})?$/;

/** True for a host (lower case, without `www.`) of a mail provider: it never makes an account (J30). */
export function isFreeMail(host: string): boolean {
  return PROVIDERS.has(host) || FAMILIES.test(host);
}
