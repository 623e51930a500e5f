// Shlink's own client: every call it has, against a short URL that is clicked once.
import { ShlinkApiClient } from '@shlinkio/shlink-js-sdk';
import { NodeHttpClient } from '@shlinkio/shlink-js-sdk/node';

const [baseUrl, apiKey, browser] = process.argv.slice(2);
const client = new ShlinkApiClient(new NodeHttpClient(), { baseUrl, apiKey });
const told = {};

const refused = async (ask) => {
  try {
    return { unexpected: await ask() };
  } catch (error) {
    return error;
  }
};

told.health = await client.health();
told.made = await client.createShortUrl({
  longUrl: 'https://example.com/story',
  title: 'A story',
  tags: ['news', 'spring'],
  findIfExists: true,
});
const id = { shortCode: told.made.shortCode };
await fetch(told.made.shortUrl, { redirect: 'manual', headers: { 'User-Agent': browser } });
for (let tries = 0; tries < 150; tries += 1) {
  told.visits = await client.getShortUrlVisits(id, { excludeBots: true });
  if (told.visits.pagination.totalItems > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
told.again = await client.getShortUrl(id);
told.list = await client.listShortUrls({
  tags: ['news'],
  orderBy: { field: 'visits', dir: 'DESC' },
  excludePastValidUntil: true,
});
told.taken = await refused(() =>
  client.createShortUrl({ longUrl: 'https://example.com/', customSlug: told.made.shortCode }));
told.changed = await client.updateShortUrl(id, { longUrl: 'https://example.com/two', title: 'Two' });
told.rules = await client.getShortUrlRedirectRules(id);
told.setRules = await client.setShortUrlRedirectRules(id, { redirectRules: [] });
told.overview = await client.getVisitsOverview();
told.tagVisits = await client.getTagVisits('news');
told.domainVisits = await client.getDomainVisits('DEFAULT');
told.orphanVisits = await client.getOrphanVisits();
told.nonOrphanVisits = await client.getNonOrphanVisits({ startDate: '2020-01-01T00:00:00Z' });
told.deletedVisits = await refused(() => client.deleteShortUrlVisits(id));
told.deletedOrphans = await client.deleteOrphanVisits();
told.tags = await client.listTags();
told.tagsStats = await client.tagsStats();
told.renamed = await client.editTag({ oldName: 'spring', newName: 'summer' });
told.untagged = await client.deleteTags(['news']);
told.tagsAfter = await client.listTags();
told.domains = await client.listDomains();
told.redirects = await client.editDomainRedirects({
  domain: told.domains.data[0].domain,
  baseUrlRedirect: null,
});
told.mercure = await refused(() => client.mercureInfo());
await client.deleteShortUrl(id);
told.gone = await refused(() => client.getShortUrl(id));
console.log(JSON.stringify(told));
