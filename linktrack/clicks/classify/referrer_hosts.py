"""The table of known referrers: source and medium by host or Android app.

Facts about small search engines and networks come from Matomo's lists (public domain, CC0).
An entry is `Name: host host …`; entries end with a line or a semicolon, and the best known stand
first. A host stands for itself and everything below it, and the longest match wins, so that
`mail.google.com` may stand beside `google.*`. A star is an ending: `com`, `de`, `co.uk`, `com.br`.
"""

HOSTS = {
    "messaging": """
WhatsApp: whatsapp.com wa.me l.wl.co
Telegram: telegram.org telegram.me t.me
Slack: slack.com slack-redir.net
Discord: discord.com discordapp.com discord.gg
Messenger: messenger.com m.me
Teams: teams.microsoft.com teams.live.com teams.cloud.microsoft statics.teams.cdn.office.net
Signal: signal.org signal.me; Line: line.me; WeChat: wechat.com weixin.qq.com; Viber: viber.com
Skype: skype.com; Google Chat: chat.google.com messages.google.com; KakaoTalk: kakao.com
Matrix: matrix.to element.io; Mattermost: mattermost.com; Rocket.Chat: rocket.chat
Zulip: zulipchat.com zulip.com; Zoom: zoom.us; Webex: webex.com; Zalo: zalo.me
""",
    "ai": """
ChatGPT: chatgpt.com chat.openai.com labs.openai.com
Claude: claude.ai
Gemini: gemini.google.com bard.google.com
Copilot: copilot.microsoft.com copilot.com copilot.cloud.microsoft m365.cloud.microsoft
NotebookLM: notebooklm.google.com; Perplexity: perplexity.ai; Grok: grok.com grok.x.com
DeepSeek: deepseek.com; Le Chat: chat.mistral.ai; Meta AI: meta.ai
Qwen: chat.qwen.ai qwen.ai tongyi.aliyun.com; Kimi: kimi.com kimi.moonshot.cn kimi.ai
Doubao: doubao.com; ChatGLM: chatglm.cn chat.z.ai; Baidu AI: yiyan.baidu.com ai.baidu.com
Poe: poe.com; Character.AI: character.ai; You.com: you.com; Duck.ai: duck.ai; Phind: phind.com
iAsk: iask.ai; Jasper: app.jasper.ai; Writesonic: app.writesonic.com
Chat+: chatplus.com chat-gpt.org; HuggingChat: huggingface.co
""",
    # Networks first, then communities and sites where people share; Hootsuite and Buffer are
    # dashboards in which people read networks.
    "social": """
X: x.com t.co twitter.com tweetdeck.com twitterrific.com tweetlist.com twittergadget.com twipple.jp
Facebook: facebook.com fb.me fb.com fb.watch fb.gg
Instagram: instagram.com instagr.am ig.me
Threads: threads.net threads.com
LinkedIn: linkedin.com lnkd.in linkedin.cn
Bluesky: bsky.app bsky.social bsky.link skyfeed.app deer.social
Mastodon: fosstodon.org mamot.fr hachyderm.io infosec.exchange mas.to c.im pawoo.net mstdn.social
Mastodon: chaos.social social.tchncs.de botsin.space newsie.social indieweb.social sfba.social
Mastodon: universeodon.com mastodonapp.uk techhub.social social.vivaldi.net ohai.social masto.ai
Mastodon: toot.community toot.cafe front-end.social vis.social typo.social graphics.social mstdn.jp
Mastodon: mathstodon.xyz journa.host social.coop octodon.social scholar.social climatejustice.social
Mastodon: friends.nico quey.org knzk.me mastodont.cat bitcoinhackers.org cybre.space tkm.eus
Mastodon: ro-mastodon.puyo.jp tooot.im wandering.shop floss.social kolektiva.social genomic.social
Mastodon: aus.social elk.zone phanpy.social ivory.app mastodon.technology troet.cafe norden.social
Reddit: reddit.com redd.it redditmedia.com
Hacker News: news.ycombinator.com hn.algolia.com hckrnews.com hackerne.ws
YouTube: youtube.com youtu.be youtube-nocookie.com
TikTok: tiktok.com
Pinterest: pinterest.* pin.it
Pixelfed: pixelfed.social pixelfed.de pixelfed.uno pxlmo.com metapixl.com pixey.org pix.toot.wales
Misskey: misskey.io misskey.design
Lemmy: lemmy.world lemmy.ml beehaw.org sh.itjust.works programming.dev feddit.org
Lobsters: lobste.rs; Snapchat: snapchat.com; Tumblr: tumblr.com t.umblr.com
Google+: plus.google.com plus.url.google.com url.google.com; VK: vk.com vkontakte.ru vk.ru
Odnoklassniki: ok.ru odnoklassniki.ru; Mail.ru: my.mail.ru; Weibo: weibo.com weibo.cn t.cn
Xiaohongshu: xiaohongshu.com xhslink.com; Douyin: douyin.com; Douban: douban.com; Zhihu: zhihu.com
bilibili: bilibili.com; QZone: qzone.qq.com; Tieba: tieba.baidu.com; V2EX: v2ex.com
Truth Social: truthsocial.com; Gab: gab.com; Gettr: gettr.com; Parler: parler.com
Nextdoor: nextdoor.com; Quora: quora.com; Medium: medium.com; GitHub: github.com; GitLab: gitlab.com
Stack Overflow: stackoverflow.com stackexchange.com; SourceForge: sourceforge.net; dev.to: dev.to
Product Hunt: producthunt.com; Indie Hackers: indiehackers.com; Slashdot: slashdot.org
Digg: digg.com; Fark: fark.com; Metafilter: metafilter.com; StumbleUpon: stumbleupon.com
Pinboard: pinboard.in; Delicious: delicious.com; Are.na: are.na; Disqus: disqus.com
Vimeo: vimeo.com; Twitch: twitch.tv; Kick: kick.com; Dailymotion: dailymotion.com
SoundCloud: soundcloud.com gate.sc; Last.fm: last.fm lastfm.*; Flickr: flickr.com; Imgur: imgur.com
9GAG: 9gag.com; DeviantArt: deviantart.com; Dribbble: dribbble.com; Behance: behance.net
Goodreads: goodreads.com; Letterboxd: letterboxd.com; Strava: strava.com; Foursquare: foursquare.com
Meetup: meetup.com; XING: xing.com; Viadeo: viadeo.com; Workplace: workplace.com
Yammer: yammer.com engage.cloud.microsoft; Glassdoor: glassdoor.com; StockTwits: stocktwits.com
LiveJournal: livejournal.com livejournal.ru; Dreamwidth: dreamwidth.org; Myspace: myspace.com
Friendster: friendster.com; FriendFeed: friendfeed.com; Badoo: badoo.com; Bebo: bebo.com
BlackPlanet: blackplanet.com; Buzznet: buzznet.com; Classmates: classmates.com; Cyworld: cyworld.com
Douyu: douyu.com; FetLife: fetlife.com; Flixster: flixster.com; Fotolog: fotolog.com
Friends Reunited: friendsreunited.com; Gaia Online: gaiaonline.com; Geni: geni.com; GREE: gree.jp
Habbo: habbo.com; hi5: hi5.com; Huya: huya.com; Hyves: hyves.nl; identi.ca: identi.ca
Lang-8: lang-8.com; MeinVZ: meinvz.net; StudiVZ: studivz.net; MissEvan: missevan.com; mixi: mixi.jp
MoiKrug: moikrug.ru; Multiply: multiply.com; MyHeritage: myheritage.com; MyLife: mylife.ru
myYearbook: myyearbook.com; NK: nk.pl; Netlog: netlog.com; Niconico: nicovideo.jp; note: note.com
Hatena: hatena.ne.jp; Orkut: orkut.com; Peepeth: peepeth.com; Plaxo: plaxo.com; Renren: renren.com
Skyrock: skyrock.com; Sonico: sonico.com; Tagged: tagged.com; Taringa: taringa.net
Tuenti: tuenti.com; TwitCasting: twitcasting.tv; vKruguDruzei: vkrugudruzei.ru; WAYN: wayn.com
WeeWorld: weeworld.com; Xanga: xanga.com; Linktree: linktr.ee
Lnk.Bio: lnk.bio; Beacons: beacons.ai; Carrd: carrd.co; Paper.li: paper.li; Togetter: togetter.com
Storify: storify.com; Hootsuite: hootsuite.com ow.ly; Buffer: buffer.com bufferapp.com buff.ly
Sprout Social: sproutsocial.com
""",
    # Webmail, guards that rewrite links in mail, and senders of newsletters
    "email": """
Email: email.invalid
Gmail: mail.google.com inbox.google.com
Outlook: outlook.com outlook.live.com outlook.office.com outlook.office365.com
Outlook: outlook.cloud.microsoft hotmail.com mail.live.com safelinks.protection.outlook.com
Yahoo Mail: mail.yahoo.* mail.yahoo.net
AOL Mail: mail.aol.com; iCloud Mail: icloud.com; Proton: proton.me protonmail.com
Fastmail: fastmail.com fastmailusercontent.com; Tuta: tuta.com tutanota.com; HEY: hey.com
Zoho Mail: mail.zoho.*; GMX: gmx.* deref-gmx.*; Web.de: web.de deref-web.de deref-web-02.de
Mail.com: mail.com deref-mail.com; 1&1: deref-1und1.de
Rediffmail: rediffmail.com; Mail.ru: e.mail.ru m.mail.ru touch.mail.ru
Yandex Mail: mail.yandex.*; QQ Mail: mail.qq.com; NetEase Mail: mail.163.com mail.126.com
Ionos: email.ionos.* mailbusiness.ionos.*; Infomaniak: mail.infomaniak.com ksuite.infomaniak.com
Orange Webmail: wmail.orange.fr mail01.orange.fr mail02.orange.fr messagerie.orange.fr
Free: zimbra.free.fr; Superhuman: mail.superhuman.com; Front: frontapp.com
Mailchimp: list-manage.com campaign-archive.com mailchi.mp; GovDelivery: govdelivery.com
Constant Contact: constantcontact.com rs6.net; Campaign Monitor: createsend.com createsend1.com
SendGrid: sendgrid.net; HubSpot: hubspotlinks.com hubspotemail.net; Substack: substack.com
Beehiiv: beehiiv.com; Buttondown: buttondown.com buttondown.email
Proofpoint: urldefense.com urldefense.proofpoint.com; Mimecast: mimecastprotect.com mimecast.com
Barracuda: linkprotect.cudasvc.com; Libraesva: urlsand.com; Intermedia: emailprotection.link
""",
    # Aggregators and readers, then newspapers and broadcasters known beyond their country
    "news": """
RSS: rss.invalid
Google News: news.google.*; FeedBurner: feedproxy.google.com feedburner.google.com feedburner.com
Yahoo News: news.yahoo.*; Apple News: apple.news; Microsoft Start: msn.com
Flipboard: flipboard.com flip.it; Feedly: feedly.com; Inoreader: inoreader.com
NewsBlur: newsblur.com; The Old Reader: theoldreader.com; Netvibes: netvibes.com
Bloglovin: bloglovin.com; Google Reader: reader.google.com; Yandex Lenta: lenta.yandex.ru
My Yahoo: my.yahoo.com; Youdao Reader: reader.youdao.com; Pocket: getpocket.com pocket.co
Instapaper: instapaper.com; SmartNews: smartnews.com; NewsBreak: newsbreak.com; Upday: upday.com
Ground News: ground.news; Techmeme: techmeme.com; Memeorandum: memeorandum.com
Drudge Report: drudgereport.com; Alltop: alltop.com; Popurls: popurls.com; Menéame: meneame.net
Wykop: wykop.pl; Toutiao: toutiao.com; Yandex Zen: dzen.ru zen.yandex.ru; Naver News: news.naver.com
Daum News: news.daum.net media.daum.net
New York Times: nytimes.com nyti.ms; Washington Post: washingtonpost.com wapo.st
Guardian: theguardian.com guardian.co.uk; BBC: bbc.co.uk bbc.com bbc.in; CNN: cnn.com cnn.it
Reuters: reuters.com; AP: apnews.com ap.org; AFP: afp.com; Bloomberg: bloomberg.com
Wall Street Journal: wsj.com; Financial Times: ft.com; Economist: economist.com; Forbes: forbes.com
Los Angeles Times: latimes.com; USA Today: usatoday.com; NPR: npr.org; PBS: pbs.org; Time: time.com
NBC: nbcnews.com; CBS: cbsnews.com; ABC: abcnews.com abc.net.au abcnews.go.com; Fox: foxnews.com
CNBC: cnbc.com; Politico: politico.com politico.eu; The Hill: thehill.com; Axios: axios.com
HuffPost: huffingtonpost.* huffpost.com; Vox: vox.com; Slate: slate.com; Atlantic: theatlantic.com
New Yorker: newyorker.com; Wired: wired.com; The Verge: theverge.com; TechCrunch: techcrunch.com
Ars Technica: arstechnica.com; BuzzFeed: buzzfeed.com buzzfeednews.com; Vice: vice.com
Daily Mail: dailymail.co.uk; Telegraph: telegraph.co.uk; Independent: independent.co.uk
Times: thetimes.co.uk thetimes.com; Sky News: news.sky.com; Al Jazeera: aljazeera.com
Spiegel: spiegel.de; Zeit: zeit.de; FAZ: faz.net; Süddeutsche: sueddeutsche.de; Bild: bild.de
Tagesschau: tagesschau.de; heise: heise.de; Golem: golem.de; ORF: orf.at; Standard: derstandard.at
NZZ: nzz.ch; SRF: srf.ch; Le Monde: lemonde.fr; Figaro: lefigaro.fr; Libération: liberation.fr
El País: elpais.com; El Mundo: elmundo.es; Repubblica: repubblica.it; Corriere: corriere.it
NOS: nos.nl; VRT: vrt.be; DR: dr.dk; SVT: svt.se; NRK: nrk.no; Yle: yle.fi; Folha: folha.uol.com.br
Globo: globo.com; CBC: cbc.ca; Globe and Mail: theglobeandmail.com; NHK: nhk.or.jp; Asahi: asahi.com
Nikkei: nikkei.com; Times of India: timesofindia.indiatimes.com; The Hindu: thehindu.com
South China Morning Post: scmp.com; Straits Times: straitstimes.com
""",
    # Sites of which everything is search, and the advertisements that search companies place
    "search": """
Google Ads: doubleclick.net googlesyndication.com googleadservices.com syndicatedsearch.goog
Google Ads: adsensecustomsearchads.com
Bing: bing.com bingj.com
DuckDuckGo: duckduckgo.com duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion
Google: webcache.googleusercontent.com googlesyndicatedsearch.com suche.gmx.net search.gmx.com
Google: search.avg.com isearch.avg.com search.chedot.com wow.com darkoogle.com start.lenovo.com
Google: google.interia.pl startab.me monumentbrowser.com gfsoso.com search.smt.docomo.ne.jp
Baidu: baidu.com gougou.com
Ask: ask.com ask.co.uk askkids.com search-results.com searchqu.com qbyrd.com ask.reference.com
InfoSpace: infospace.com dogpile.com metacrawler.com webcrawler.com webfetch.com inspsearch.com
InfoSpace: tattoodle.com searchya.com start.facemoods.com start.funmoods.com home.speedbit.com
Google Scholar: scholar.google.*; Brave: search.brave.com; Ecosia: ecosia.org; Qwant: qwant.com
Startpage: startpage.com ixquick.com ixquick.de; Kagi: kagi.com; Mojeek: mojeek.com
Swisscows: swisscows.com; MetaGer: metager.de metager.org meta.rrzn.uni-hannover.de
Presearch: presearch.com presearch.org; Yep: yep.com; Stract: stract.com
Marginalia: marginalia.nu marginalia-search.com; Cốc Cốc: coccoc.com; Sogou: sogou.com soso.com
360: so.com so.360.cn sou.com haosou.com; Shenma: sm.cn; Naver: search.naver.com
Daum: search.daum.net; Nate: search.nate.com; Seznam: search.seznam.cz videa.seznam.cz
Mail.ru: go.mail.ru; Rambler: nova.rambler.ru; Web.de: suche.web.de; Bluewin: search.bluewin.ch
Yahoo: benefind.de cercato.it hao123.com
MyWebSearch: mysearch.com mywebsearch.com mysearch.myway.com; Lycos: lycos.* hotbot.com
AltaVista: altavista.*; AllTheWeb: alltheweb.com; Excite: excite.co.jp msxml.excite.com
Exalead: exalead.com exalead.fr; Gigablast: gigablast.com; LookSmart: looksmart.com
LookAny: lookany.com; Talimba: talimba.com; PriceRunner: pricerunner.*; So-net: so-net.ne.jp
Fireball: fireball.de fireball.com; Abacho: abacho.*; Arcor: arcor.de; Aport: aport.ru
Nigma: nigma.ru; Sputnik: sputnik.ru; Poisk: poisk.ru; Kvasir: kvasir.no; Startsiden: startsiden.no
Gule Sider: gulesider.no; Eniro: eniro.se; Entireweb: entireweb.com; Euroseek: euroseek.com
Eurip: eurip.com; Ilse: ilse.nl; Vinden: vinden.nl vindex.nl zoeken.nl
Walhello: walhello.com walhello.de walhello.info walhello.nl; Mamma: mamma.com
Mozbot: mozbot.com mozbot.fr mozbot.co.uk; Cuil: cuil.com; Blekko: blekko.com
Icerocket: icerocket.com; Technorati: technorati.com; Twingly: twingly.com; Picsearch: picsearch.com
Everyclick: everyclick.com; Forestle: forestle.org forestle.mobi; OceanHero: oceanhero.today
Lilo: lilo.org; Gibiru: gibiru.com; PrivacyWall: privacywall.org; Freespoke: freespoke.com
SearchLock: searchlock.com; Surf Canyon: surfcanyon.com; Scour: scour.com
Searchalot: searchalot.com; SearchCanvas: searchcanvas.com; ZapMeta: zapmeta.*
123people: 123people.*; Yasni: yasni.*; Yatedo: yatedo.com yatedo.fr
Jungle Key: junglekey.com junglekey.fr; Hooseek: hooseek.com; Teoma: teoma.com; info.com: info.com
Najdi.si: najdi.si; Neti: neti.ee; Meta.ua: meta.ua; Zoznam: zoznam.sk; Zoohoo: zoohoo.cz
Voila: lemoteur.fr lemoteur.orange.fr lemoteur.ke.voila.fr; Trouvez: trouvez.com
Francite: francite.com; Trovarapido: trovarapido.com; Arianna: arianna.libero.it arianna.com
Das Örtliche: dasoertliche.de dastelefonbuch.de; GoYellow: goyellow.de; Suchnase: suchnase.de
Suchmaschine: suchmaschine.com; Suche.info: suche.info; Hit-Parade: hit-parade.com
Qualigo: qualigo.at qualigo.ch qualigo.de qualigo.nl; Setooz: setooz.com
1.cz: 1.cz; ABCsøk: abcsok.no; Acoon: acoon.de; Aguea: aguea.com; AlohaFind: alohafind.com
All.by: all.by; Allesklar: allesklar.*; AllTheInternet: alltheinternet.com; Apollo7: apollo7.de
Arama: arama.com; Austronaut: austronaut.at; Blogdigger: blogdigger.com; Blogpulse: blogpulse.com
Crawler: crawler.com; dir.com: dir.com; Findhurtig: findhurtig.dk; Firstsfind: firstsfind.com
Flix.de: flix.de; Geona: geona.net; Gnadenmeer: gnadenmeer.de; Gomeo: gomeo.com; Holmes: holmes.ge
Kensaq: kensaq.com; La Toile: toile.com; Laban: laban.vn; Latne: latne.lv; Lo.st: lo.st
Local Moxie: localmoxie.com; Maailm: maailm.com; MetaCrawler: metacrawler.de
Mister Wong: mister-wong.*; Monstercrawler: monstercrawler.com; Paperball: paperball.de
Plazoo: plazoo.com; Quendu: quendu.com; rpmfind: rpmfind.net; Searchy: searchy.co.uk
Sharelook: sharelook.fr; sm.de: sm.de; Swiggle: swiggle.org.uk; Tarmot: tarmot.com
Tixuma: tixuma.de; URL.ORGanzier: url.org; Web.nl: web.nl; Wedoo: wedoo.com; Witch: witch.de
Woopie: woopie.jp; X-Recherche: x-recherche.com; Yellowmap: yellowmap.de; YouGoo: yougoo.fr
Zoek: zoek.nl; Zxuso: zxuso.com; 118 700: 118700.se; Allaverksamheter: allaverksamheter.se
Isodelen: isodelen.se; Riksdelen: riksdelen.se; 1881: 1881.no; Toppreise: toppreise.ch; eo: eo.st
Centrum: morfeo.centrum.cz; Delfi: smart.delfi.lv; GAIS: gais.cs.ccu.edu.tw; Jyxo: jyxo.1188.cz
Jungle Spider: jungle-spider.de; PeopleCheck: extern.peoplecheck.de; Kadaza: kadaza.com
T-Online: brisbane.t-online.de navigationshilfe.t-online.de; Startpagina: startgoogle.startpagina.nl
InfoSpace: searchmobileonline.com; I-play: start.iplay.com; Baidu: baidu.co.th
Yahoo: one.cn.yahoo.com ys.mirostart.com
Startpage: startpagel6srwcjlue4zgq3zevrujfaow726kjytqbbjyrswwmjzcqd.onion
Babylon: search.babylon.com searchassist.babylon.com isearch.babylon.com
Biglobe: search.biglobe.ne.jp; Conduit: search.conduit.com; au: search.auone.jp
Nifty: search.nifty.com videosearch.nifty.com
goo: search.goo.ne.jp ocnsearch.goo.ne.jp; Seesaa: search.seesaa.jp
Disconnect: search.disconnect.me
Rakuten: websearch.rakuten.co.jp; T-Online: suche.t-online.de; Virgilio: ricerca.virgilio.it
Terra: buscador.terra.*; Onet: szukaj.onet.pl; Sapo: pesquisa.sapo.pt
Wirtualna Polska: szukaj.wp.pl
Comcast: search.comcast.net; Earthlink: search.earthlink.net; Freenet: suche.freenet.de
Softonic: search.softonic.com; Yippy: search.yippy.com; Winamp: search.winamp.com
PlusNetwork: plusnetwork.com; Toolbarhome: toolbarhome.com; dmoz: dmoz.org; Vuhuv: vuhuv.com
Torry: torry.io; Zhongsou: zhongsou.com; Yongzin: yongzin.com
""",
}

# Search on the front page and on subdomains named like search, other things elsewhere.
PORTALS = """
Google: google.* gogole.* googel.* gppgle.* wwwgoogle.*
Yahoo: yahoo.*; Yandex: yandex.* ya.ru; AOL: aol.* aolsvc.de
"""

# Android apps, by the package they send in `android-app://package`.
APPS = {
    "social": """
X: com.twitter.android com.twitter.android.lite; Facebook: com.facebook.katana com.facebook.lite
Instagram: com.instagram.android com.instagram.lite; Threads: com.instagram.barcelona
LinkedIn: com.linkedin.android; Bluesky: xyz.blueskyweb.app
Mastodon: org.joinmastodon.android org.joinmastodon.android.moshinda
Mastodon: com.keylesspalace.tusky app.fedilab.android
Reddit: com.reddit.frontpage com.andrewshu.android.reddit com.laurencedawson.reddit_sync
Reddit: com.laurencedawson.reddit_sync.pro com.laurencedawson.reddit_sync.dev
Hacker News: io.github.hidroh.materialistic; YouTube: com.google.android.youtube
Google+: com.google.android.apps.plus; Pinterest: com.pinterest; Tumblr: com.tumblr
Snapchat: com.snapchat.android; TikTok: com.zhiliaoapp.musically com.ss.android.ugc.trill
VK: com.vkontakte.android; Quora: com.quora.android
""",
    "messaging": """
Messenger: com.facebook.orca com.facebook.mlite; Slack: com.slack
WhatsApp: com.whatsapp com.whatsapp.w4b
Telegram: org.telegram.messenger org.telegram.messenger.web org.telegram.plus
Telegram: org.thunderdog.challegram
Signal: org.thoughtcrime.securesms; Discord: com.discord; Teams: com.microsoft.teams
Viber: com.viber.voip; Line: jp.naver.line.android; WeChat: com.tencent.mm
KakaoTalk: com.kakao.talk; Matrix: im.vector.app; Google Messages: com.google.android.apps.messaging
Google Chat: com.google.android.apps.dynamite
""",
    "ai": """
ChatGPT: com.openai.chatgpt; Claude: com.anthropic.claude; Gemini: com.google.android.apps.bard
Perplexity: ai.perplexity.app.android
""",
    "email": """
Gmail: com.google.android.gm com.google.android.gm.lite; Outlook: com.microsoft.office.outlook
Yahoo Mail: com.yahoo.mobile.client.android.mail; Proton: ch.protonmail.android
K-9 Mail: com.fsck.k9; Thunderbird: net.thunderbird.android
Samsung Email: com.samsung.android.email.provider
""",
    "search": """
Google: com.google.android.googlequicksearchbox; Bing: com.microsoft.bing
DuckDuckGo: com.duckduckgo.mobile.android
""",
    "news": """
Google News: com.google.android.apps.magazines; Flipboard: flipboard.app; Feedly: com.devhd.feedly
Pocket: com.ideashower.readitlater.pro
""",
}
