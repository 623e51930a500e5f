// The example below the UTM values, as they are being typed. Without it, it shows what is saved.

const shown = document.getElementById("utm-example");
const inputs = [...document.querySelectorAll("input[name^=utm_]")];
const fields = Object.fromEntries(
  [...document.querySelectorAll("#utm-fields [data-field]")].map((each) => [each.dataset.field, each.textContent]),
);

function filled(written) {
  return written.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (found, name) => (name === undefined ? found[0] : (fields[name] ?? found)));
}

function show() {
  const added = new URLSearchParams();
  for (const input of inputs) {
    const text = filled(input.value).trim();
    if (text) added.append(input.name, text);
  }
  shown.textContent = shown.dataset.address + (added.size ? `?${added}` : "");
}

for (const input of inputs) input.addEventListener("input", show);
if (shown) show();
