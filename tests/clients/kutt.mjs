// The npm client of Kutt: makes a link, waits for a click on it, changes it, takes it away.
import Kutt from 'kutt';

const [baseUrl, apiKey, browser] = process.argv.slice(2);
const kutt = new Kutt().set('api', `${baseUrl}/api/v2`).set('key', apiKey).set('timeout', 5000);
const links = kutt.links();
const told = {};

told.isHealthy = await kutt.health().check();
told.user = await kutt.users().info();
told.made = await links.create({ target: 'https://example.com/story', description: 'A story' });
told.reused = await links.create({ target: 'https://example.com/story', reuse: true });
await fetch(told.made.link, { redirect: 'manual', headers: { 'User-Agent': browser } });
for (let tries = 0; tries < 50; tries += 1) {
  told.stats = await links.stats(told.made.id);
  if (told.stats.lastDay.total > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
told.list = await links.list({ limit: 5 });
told.changed = await links.update(told.made.id, { target: 'https://example.com/two', description: 'Two' });
try {
  await links.create({ target: 'https://example.com/', expire_in: 'soon' });
} catch (error) {
  told.refused = error.message;
}
told.removed = await links.remove(told.made.id);
told.listAfter = await links.list();
console.log(JSON.stringify(told));
