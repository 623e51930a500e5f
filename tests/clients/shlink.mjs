// Shlink's own client: makes a short URL, waits for a click on it, and reads its visits.
import { ShlinkApiClient } from '@shlinkio/shlink-js-sdk';
import { NodeHttpClient } from '@shlinkio/shlink-js-sdk/node';

const [baseUrl, apiKey, browser] = process.argv.slice(2);
const client = new ShlinkApiClient(new NodeHttpClient(), { baseUrl, apiKey });

const { status } = await client.health();
const made = await client.createShortUrl({
  longUrl: 'https://example.com/story',
  title: 'A story',
  tags: ['news'],
  findIfExists: true,
});
await fetch(made.shortUrl, { redirect: 'manual', headers: { 'User-Agent': browser } });
let visits;
for (let tries = 0; tries < 50; tries += 1) {
  visits = await client.getShortUrlVisits({ shortCode: made.shortCode }, { excludeBots: 'true' });
  if (visits.pagination.totalItems > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
const again = await client.getShortUrl({ shortCode: made.shortCode });
const list = await client.listShortUrls();
let refused;
try {
  await client.createShortUrl({ longUrl: 'https://example.com/', customSlug: made.shortCode });
} catch (error) {
  refused = error;
}
console.log(JSON.stringify({ status, made, visits, again, list, refused }));
