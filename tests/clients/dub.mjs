// Dub's own client: makes a link, waits for a click on it, changes it, takes it away.
import { Dub } from 'dub';

const [serverURL, token, browser] = process.argv.slice(2);
const dub = new Dub({ serverURL, token });
const told = {};

told.made = await dub.links.create({
  url: 'https://example.com/story',
  tenantId: 'org-1',
  title: 'A story',
  tagNames: ['news'],
});
told.upserted = await dub.links.upsert({ url: 'https://example.com/story' });
await fetch(told.made.shortLink, { redirect: 'manual', headers: { 'User-Agent': browser } });
for (let tries = 0; tries < 50; tries += 1) {
  told.info = await dub.links.get({ domain: told.made.domain, key: told.made.key });
  if (told.info.clicks > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
told.byId = await dub.links.get({ linkId: told.made.id });
told.list = [];
for await (const page of await dub.links.list({ tenantId: 'org-1' })) {
  told.list.push(...(page.result ?? page));
  break;
}
told.count = await dub.links.count({ tenantId: 'org-1' });
told.analytics = await dub.analytics.retrieve({ event: 'clicks', groupBy: 'count', interval: '7d' });
told.changed = await dub.links.update(told.made.id, { url: 'https://example.com/two', title: 'Two' });
try {
  await dub.links.create({ url: 'https://example.com/', comments: 'secret' });
} catch (error) {
  told.refused = error.message;
}
told.removed = await dub.links.delete(told.made.id);
console.log(JSON.stringify(told));
