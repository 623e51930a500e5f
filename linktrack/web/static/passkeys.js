// Passkeys: a form whose button asks the browser for one, and sends what it has signed.
// The other ways of signing in work without this.

const raw = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const coded = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

// What the server wrote as JSON, as the browser wants it: challenge and ids as bytes.
function read(options) {
  const known = (list) => list?.map((each) => ({ ...each, id: raw(each.id) }));
  const found = { ...options, challenge: raw(options.challenge) };
  if (options.user) found.user = { ...options.user, id: raw(options.user.id) };
  if (options.excludeCredentials) found.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) found.allowCredentials = known(options.allowCredentials);
  return found;
}

// What the browser gave, as JSON for the server.
function written(credential) {
  const { response } = credential;
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const parts = names.filter((name) => response[name]).map((name) => [name, coded(response[name])]);
  return JSON.stringify({
    id: credential.id,
    rawId: coded(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: Object.fromEntries(parts),
  });
}

const WHY = {
  NotAllowedError: "No passkey was used: it was cancelled, or took too long. Try again.",
  InvalidStateError: "This device has a passkey for you already.",
  SecurityError: "This browser doesn't allow passkeys at this address.",
};

// Passkeys among what the browser offers in the name's field; null where there is none to wait for.
let offered = null;

async function offer(form, publicKey) {
  const field = document.querySelector('input[autocomplete="username"]');
  if (!field || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  field.autocomplete = "username webauthn";
  offered = new AbortController();
  const { signal } = offered;
  try {
    const used = await navigator.credentials.get({ publicKey, mediation: "conditional", signal });
    form.elements.credential.value = written(used);
    form.submit();
  } catch {
    // Nobody chose one: the button and the password are still there.
  }
}

function begin(form) {
  const said = form.querySelector("[data-passkey-said]");
  const button = form.querySelector("[data-passkey-button]");
  if (location.origin !== form.dataset.origin) {
    said.hidden = true;
    form.querySelector("[data-passkey-elsewhere]").hidden = false;
    return;
  }
  if (!window.PublicKeyCredential) {
    said.textContent = "This browser has no passkeys.";
    return;
  }
  button.hidden = false;
  for (const fields of form.querySelectorAll("[data-passkey-fields]")) fields.hidden = false;
  said.textContent = "";
  if (form.dataset.passkey === "get") offer(form, read(JSON.parse(form.dataset.options)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const publicKey = read(JSON.parse(form.dataset.options));
    said.textContent = "";
    offered?.abort(); // a browser asks for one passkey at a time
    try {
      const made =
        form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
      form.elements.credential.value = written(made);
      form.submit();
    } catch (error) {
      said.textContent = WHY[error.name] ?? "The passkey couldn't be used. Try again, or sign in another way.";
    }
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) begin(form);
