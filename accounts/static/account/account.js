/** A form that gives the token behind the "#" of this page's address, and its fields, to the API. */

const form = document.querySelector("form[data-action]");
const message = document.querySelector(".message");
const button = form.querySelector("button");
const token = decodeURIComponent(location.hash.slice(1));

// Neither the history nor whoever looks at the screen keeps it.
history.replaceState(null, "", location.pathname);

form.hidden = !token;
if (!token) say("This link is not complete: copy it whole.", { bad: true });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    const body = JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(form.dataset.action, { method: "POST", headers, body });
    if (answer.ok) {
      form.hidden = true;
      say(form.dataset.done);
    } else {
      const { detail, errors = {} } = await answer.json();
      say(Object.values(errors).flat().join(" ") || detail, { bad: true });
    }
  } catch {
    say("The server cannot be reached. Try again in a moment.", { bad: true });
  } finally {
    button.disabled = false;
  }
});

function say(text, { bad = false } = {}) {
  message.textContent = text;
  message.classList.toggle("bad", bad);
}
