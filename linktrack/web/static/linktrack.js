// What pages gain where scripts run: copy buttons, and the numbers of a chart under the pointer.
// Every page works without it.

const said = document.createElement("p");
said.className = "visually-hidden";
said.setAttribute("role", "status");
document.body.append(said);

function announce(sentence) {
  said.textContent = "";
  // A status is read out when it changes, not when it is set to what it was.
  setTimeout(() => (said.textContent = sentence), 50);
}

async function copy(source) {
  const text = source.value ?? source.textContent.trim();
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain http on another machine has no clipboard: an input of our own, selected, still copies.
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("not copied");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  try {
    await copy(source);
    told(button, "Copied");
  } catch {
    getSelection().selectAllChildren(source);
    told(button, "Press Ctrl+C");
  }
});

// A button says for a while what came of pressing it.
function told(button, words) {
  button.dataset.label ??= button.textContent;
  button.textContent = words;
  button.focus({ preventScroll: true }); // the other way of copying took it
  announce(words);
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => (button.textContent = button.dataset.label), 4000);
}

// The table behind a line chart holds every number and, as data-x, its place in percent.
function follow(chart) {
  const plot = chart.querySelector(".plot");
  const rows = [...chart.querySelectorAll(".numbers tbody tr")];
  const names = [...chart.querySelectorAll(".numbers thead th")].map((th) => th.textContent);
  if (!rows.length) return;
  const places = rows.map((row) => Number(row.dataset.x));
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  chart.append(tip);
  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cursor.setAttribute("class", "cursor");
  const axis = plot.querySelector(".day, .jump line");
  for (const end of ["y1", "y2"]) cursor.setAttribute(end, axis?.getAttribute(end) ?? 0);
  let at = -1;

  function show(i) {
    at = i;
    const [day, ...cells] = [...rows[i].cells].map((cell) => cell.textContent);
    const values = cells.map((text, j) => `${names[j + 1]}: ${text}`);
    const known = values.filter((_, j) => cells[j] !== "\u2013"); // a dash: nothing is known
    tip.textContent = [day, ...(known.length ? known : ["no numbers"])].join("\n");
    tip.hidden = false;
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, `${places[i]}%`);
    plot.prepend(cursor);
    const { left, width } = inside();
    const x = left + (places[i] / 100) * width;
    const beside = x + 12 + tip.offsetWidth > chart.clientWidth ? x - 12 - tip.offsetWidth : x + 12;
    tip.style.left = `${Math.max(0, beside)}px`;
    tip.style.top = `${plot.getBoundingClientRect().top - chart.getBoundingClientRect().top + 8}px`;
  }

  function hide() {
    tip.hidden = true;
    cursor.remove();
    at = -1;
  }

  function inside() {
    const style = getComputedStyle(plot);
    const start = parseFloat(style.paddingLeft);
    return { left: start, width: plot.clientWidth - start - parseFloat(style.paddingRight) };
  }

  function nearest(percent) {
    let best = 0;
    places.forEach((x, i) => {
      if (Math.abs(x - percent) < Math.abs(places[best] - percent)) best = i;
    });
    return best;
  }

  function under(event) {
    const { left, width } = inside();
    const x = event.clientX - plot.getBoundingClientRect().left - left;
    return nearest((x / width) * 100);
  }

  plot.addEventListener("pointermove", (event) => {
    show(under(event));
    if (zoom) zoom.stretch(at);
  });
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("pointerdown", (event) => show(under(event))); // touch has no other way to ask
  const zoom = !chart.matches(".chart-people") && document.querySelector(".range input[name=from]") && zoomable(plot, rows, places, under);
  plot.setAttribute("tabindex", "0");
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const last = rows.length - 1;
    const from = at < 0 ? last + 1 : at;
    const to = { ArrowLeft: from - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") hide();
    if (to === undefined) return;
    event.preventDefault();
    show(Math.min(Math.max(to, 0), last));
    announce(tip.textContent.replaceAll("\n", ", "));
  });
}

// Dragging across days opens the whole page for them: the range is in the address, so that Back
// undoes it. A touch scrolls, as everywhere.
const dayOf = (row) => row.querySelector("time").dateTime;

function zoomable(plot, rows, places, under) {
  const band = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  band.setAttribute("class", "band");
  band.setAttribute("y", "0");
  band.setAttribute("height", "100%");
  let from = -1;
  let to = -1;

  plot.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button) return;
    event.preventDefault(); // or the labels are selected
    plot.setPointerCapture(event.pointerId);
    from = to = under(event);
  });
  plot.addEventListener("pointerup", () => {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    stop();
    if (first < 0 || first === last) return;
    const address = new URL(location.href);
    for (const name of ["days", "after"]) address.searchParams.delete(name);
    address.searchParams.set("from", dayOf(rows[first]));
    address.searchParams.set("to", dayOf(rows[last]));
    location.assign(address);
  });
  plot.addEventListener("pointercancel", stop);
  document.addEventListener("keydown", (event) => event.key === "Escape" && stop());

  function stop() {
    from = to = -1;
    band.remove();
  }

  function stretch(i) {
    if (from < 0) return;
    to = i;
    const [left, right] = [places[from], places[to]].sort((a, b) => a - b);
    band.setAttribute("x", `${left}%`);
    band.setAttribute("width", `${right - left}%`);
    plot.prepend(band);
  }

  return { stretch };
}

document.querySelectorAll(".chart-time").forEach(follow);

// Dots and bars say their numbers to pointer, keyboard and touch. A first touch asks, a second one
// follows the link.
function pointTips() {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true"); // its words are the point's name already
  document.body.append(tip);
  let shown;
  let touched;

  function show(point) {
    if (!point || point === shown) return;
    point.querySelector("title")?.remove(); // or the browser's own tip comes, too
    shown = point;
    const { name } = point.dataset;
    tip.textContent = `${name}\n${point.getAttribute("aria-label").slice(name.length + 2)}`;
    tip.hidden = false;
    const dot = (point.querySelector(".touch") ?? point).getBoundingClientRect();
    const left = dot.left + dot.width / 2 - tip.offsetWidth / 2;
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${scrollX + Math.max(8, Math.min(left, room))}px`;
    const above = dot.top - tip.offsetHeight - 6;
    tip.style.top = `${scrollY + (above > 0 ? above : dot.bottom + 6)}px`;
  }

  function hide() {
    tip.hidden = true;
    shown = undefined;
  }

  const pointOf = (event) => event.target.closest?.(".point[data-name]");
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") pointOf(event) ? show(pointOf(event)) : hide();
  });
  document.addEventListener("focusin", (event) => (pointOf(event) ? show(pointOf(event)) : hide()));
  document.addEventListener("focusout", hide);
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch" && pointOf(event) !== shown;
    if (!pointOf(event)) hide();
  });
  document.addEventListener("click", (event) => {
    const point = pointOf(event);
    if (!point || !touched) return;
    touched = false;
    event.preventDefault();
    show(point);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}

if (document.querySelector(".point")) pointTips();

// Keys: one letter a page, as the dialog behind "?" says. They can be turned off there, since
// people who speak to their computer would press them unawares.
function keys() {
  const pages = new Map();
  for (const link of document.querySelectorAll("[data-key]")) pages.set(link.dataset.key, link);
  if (!document.querySelector(".top [data-key]")) return;
  const on = () => localStorage.getItem("keys") !== "off";
  let dialog;

  function help() {
    dialog ??= document.body.appendChild(made());
    dialog.showModal();
  }

  function made() {
    const box = document.createElement("dialog");
    box.className = "keys";
    box.setAttribute("aria-labelledby", "keys-name");
    const name = document.createElement("h2");
    name.id = "keys-name";
    name.textContent = "Keyboard shortcuts";
    const list = document.createElement("dl");
    for (const [key, link] of [...pages, ["?", null]]) {
      const term = list.appendChild(document.createElement("dt"));
      term.appendChild(document.createElement("kbd")).textContent = key;
      const says = list.appendChild(document.createElement("dd"));
      says.textContent = link ? (link.ariaLabel ?? link.textContent.trim()) : "This list";
    }
    const choice = document.createElement("label");
    choice.className = "check";
    const tick = document.createElement("input");
    tick.type = "checkbox";
    tick.checked = on();
    tick.addEventListener("change", () => localStorage.setItem("keys", tick.checked ? "on" : "off"));
    choice.append(tick, " Shortcuts work on this device");
    const close = document.createElement("button");
    close.className = "secondary";
    close.textContent = "Close";
    close.addEventListener("click", () => box.close());
    box.append(name, list, choice, close);
    return box;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    if (!on()) return;
    if (event.key === "?") help();
    else if (pages.has(event.key)) pages.get(event.key).click();
  });
  const asked = document.querySelector("[data-keys-help]"); // error pages have no foot
  if (!asked) return;
  asked.hidden = false;
  asked.addEventListener("click", help);
}

keys();

// Composing: what is for some accounts is shown while one of them is chosen, and a text of its own
// (`data-several`) where there are others. Without scripts all is shown, each under its account's
// name.
function offerForAccounts(form) {
  const boxes = [...form.querySelectorAll("input[type=checkbox][name=account]")];
  if (!boxes.length) return;
  const offer = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    for (const group of form.querySelectorAll("[data-account]")) {
      const theirs = group.dataset.account.split(" ");
      const isFew = "several" in group.dataset && chosen.length < 2;
      group.hidden = isFew || !theirs.some((id) => chosen.includes(id));
      if (group.tagName === "FIELDSET") group.disabled = group.hidden;
      for (const text of group.querySelectorAll("textarea")) text.disabled = group.hidden;
    }
  };
  form.addEventListener("change", offer);
  offer();
}

document.querySelectorAll("[data-compose]").forEach(offerForAccounts);
// The preview follows what is typed: the Preview button's own page is asked for, half a second
// after the last key, and its preview taken over.
function previewAsTyped(form) {
  const button = form.querySelector("[data-preview]");
  const place = form.querySelector("#preview");
  let timer;
  let latest = 0;

  async function ask() {
    const number = ++latest;
    const answer = await fetch(button.formAction, { method: "POST", body: new FormData(form) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("preview");
    if (fresh && number === latest) place.replaceChildren(...fresh.childNodes);
  }

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), 500); // the button still works
  };
  form.addEventListener("input", soon);
  button.hidden = true;
  if (form.elements.text.value && !place.childElementCount) soon();
}

document.querySelectorAll("[data-compose]").forEach(previewAsTyped);

// What is chosen takes effect at once; the button stays for those who come by keyboard, since arrow
// keys pass over other choices on their way.
document.addEventListener("change", (event) => {
  const choice = event.target.closest("select[data-now]");
  if (!choice || choice.dataset.keys) return;
  if (choice.form.checkValidity()) choice.form.requestSubmit();
});
document.addEventListener("keydown", (event) => {
  const choice = event.target.closest?.("select[data-now]");
  if (choice && event.key.startsWith("Arrow")) choice.dataset.keys = "yes";
});
document.addEventListener("pointerdown", (event) => {
  const choice = event.target.closest?.("select[data-now]");
  if (choice) delete choice.dataset.keys;
});

// Ctrl+Enter (on a Mac: Cmd+Enter) in a text shortens it.
document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("form")?.querySelector("[data-copies]");
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !button) return;
  event.preventDefault();
  button.form.requestSubmit(button);
});

// What was shortened is copied by itself. Browsers let a page write to the clipboard only while a
// press is handled, so the form is sent from here, and the clipboard is promised the text that the
// answer has. Where that isn't allowed, the form is sent as ever, and the next page tries to copy.
const MADE = "made"; // in this tab's storage: "copied", or "wanted" where the next page is to copy

function sendAndCopy(form, button) {
  const data = new FormData(form);
  data.append(button.name, button.value);
  const page = fetch(form.action, { method: "POST", body: data }).then(async (answer) => {
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const text = made.querySelector("[data-made]")?.textContent;
    if (!answer.ok || text === undefined) throw new Error("nothing was made");
    return { address: answer.url, text };
  });
  const text = page.then((made) => new Blob([made.text], { type: "text/plain" }));
  text.catch(() => {}); // told below
  const copied = navigator.clipboard
    .write([new ClipboardItem({ "text/plain": text })])
    .then(() => sessionStorage.setItem(MADE, "copied"))
    .catch(() => {});
  page.then(async ({ address }) => {
    await Promise.race([copied, new Promise((done) => setTimeout(done, 1000))]);
    location.assign(address);
  }).catch(() => {
    form.dataset.sent = "plainly"; // nothing was made: the answer says why, in the form
    form.requestSubmit(button);
  });
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.matches("[data-copies]")) return;
  sessionStorage.setItem(MADE, "wanted");
  const form = event.target;
  if (form.dataset.sent || !globalThis.ClipboardItem || !navigator.clipboard?.write) return;
  event.preventDefault();
  sendAndCopy(form, button);
});

function copyWhatWasMade() {
  const source = document.querySelector("[data-made]");
  const button = source && document.querySelector(`[data-copy="${source.id}"]`);
  const made = sessionStorage.getItem(MADE);
  if (!button || !made) return;
  sessionStorage.removeItem(MADE);
  if (made === "copied") told(button, "Copied");
  else button.click();
}

copyWhatWasMade();

// The browser knows its time zone; what was typed stays.
for (const zone of document.querySelectorAll("[data-zone]")) {
  if (zone.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

document.querySelector(".pages-of [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// Figures that follow new clicks: a small question every 15 seconds while the page is looked at (or
// as often as what waits for a click says), and the page's figures anew when the answer changes.
// Failing, it asks less and less often.
function keepCurrent() {
  const every = () => 1000 * (document.querySelector("[data-every]")?.dataset.every ?? 15);
  let pause = every();
  let known;

  async function ask() {
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch("/owner/live.json", { cache: "no-cache", redirect: "error" });
        const { seq } = await answer.json();
        if (known !== undefined && seq !== known) await renew();
        known = seq;
        pause = every();
      } catch {
        pause = Math.min(pause * 2, 600_000);
      }
    }
    setTimeout(ask, pause);
  }

  async function renew() {
    const answer = await fetch(location.href, { redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      if (!fresh && old.dataset.every) return location.reload(); // what was waited for is over
      if (!fresh || fresh.innerHTML === old.innerHTML || old.contains(document.activeElement)) continue;
      old.replaceChildren(...fresh.childNodes);
      if (!fresh.dataset.every) delete old.dataset.every;
      old.classList.remove("fresh");
      requestAnimationFrame(() => old.classList.add("fresh"));
    }
  }

  ask();
}

if (document.querySelector("main [data-live]")) keepCurrent();

// How long ago something was, as long as the page is open.
function keepAgo() {
  const words = new Intl.RelativeTimeFormat("en");
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.max(1, Math.round((Date.now() - Date.parse(time.dateTime)) / 1000));
    const minutes = Math.round(seconds / 60);
    if (seconds < 90) time.textContent = words.format(-seconds, "second");
    else if (minutes < 90) time.textContent = words.format(-minutes, "minute");
  }
}

setInterval(keepAgo, 1000);
