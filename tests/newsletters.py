"""A newsletter in HTML as mail programs make them: 30 KB, 40 links, pictures, placeholders."""

LINKS = 40

_HEAD = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">\r
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml">\r
<head><meta charset="utf-8"><title>The week at *|LIST:COMPANY|*</title>
<link rel="stylesheet" href="https://cdn.example.net/mail.css">
<style type="text/css">
@media (max-width:480px){.c{width:100%!important}}
body{background:url("https://cdn.example.net/paper.png")}
</style>
<!--[if mso]><xml><o:OfficeDocumentSettings/></xml><![endif]-->
</head><BODY bgcolor=#ffffff>
<div style="display:none">What we read this week</div>
<p>Hi {{ person.name }}, <a href="https://news.example.org/v/7?e=*|UNIQID|*">read it online</a>
or <A HREF=https://news.example.org/v/7>View in browser</A>.</p>
<!-- <a href="https://example.org/old">an old link</a> -->
"""

_STORY = """<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>
<td class="c" style="padding:0 24px;font-family:Georgia,serif;font-size:16px;line-height:1.5">
<img src="https://cdn.example.net/{n}.jpg?w=600&amp;h=300" width="600" alt="Picture {n}">
<h2>Story {n} &amp; more</h2>
<p style="margin:0 0 16px">Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod
tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud
exercitation
ullamco laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in
voluptate velit esse cillum dolore eu fugiat nulla pariatur excepteur sint occaecat.</p>
<a class='more' {q}>Read story {n}</a>
</td></tr></table>
"""

_FOOT = """<!--[if mso]>
<v:roundrect href="https://example.org/outlook" arcsize="8%"></v:roundrect><![endif]-->
<map name="m"><area shape="rect" coords="0,0,1,1" href="https://example.org/map" alt="Map"></map>
<p><a href="#top">Up</a> <a href="mailto:hello@example.org">Write to us</a>
<a href="*|UNSUB|*">Unsubscribe</a> <a href="https://news.example.org/preferences?u=1">Settings</a>
<a href="https://example.org/?who={{ subscriber.email }}">Your page</a></p>
<img src="https://news.example.org/open.gif?u=%%userid%%" width="1" height="1">
</BODY></html>
"""


def written(number: int) -> str:
    """Return the attribute of one story's link: quoted in every way there is."""
    address = f"https://example.com/{number}?a=1&amp;b={number}"
    ways = (f'href="{address}"', f"HREF='{address}'", f"href={address}", f'href = "{address}"')
    return ways[number % len(ways)]


def newsletter() -> str:
    """Return the whole of it; the last of its links is in an image map."""
    stories = (_STORY.format(n=number, q=written(number)) for number in range(1, LINKS))
    return _HEAD + "".join(stories) + _FOOT
