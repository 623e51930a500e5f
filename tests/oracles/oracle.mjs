// What the networks' own packages make links of. A line {"network", "text"} in, a line of
// [start, end, address] out: code points on X, bytes of UTF-8 on Bluesky.
import readline from 'node:readline'
import atproto from '@atproto/api'
import twitter from 'twitter-text'

const find = {
  x: (text) => {
    const place = (index) => [...text.slice(0, index)].length
    return twitter.extractUrlsWithIndices(text)
      .map(({ url, indices }) => [...indices.map(place), url])
  },
  bluesky: (text) => {
    const rich = new atproto.RichText({ text })
    rich.detectFacetsWithoutResolution()
    return (rich.facets ?? []).flatMap(({ index, features }) =>
      features
        .filter(({ $type }) => $type === 'app.bsky.richtext.facet#link')
        .map(({ uri }) => [index.byteStart, index.byteEnd, uri]))
  },
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { network, text } = JSON.parse(line)
  console.log(JSON.stringify(find[network](text)))
}
