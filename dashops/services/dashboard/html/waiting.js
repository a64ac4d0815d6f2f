/* Shows where this page stands in the queue, and loads it again when it is its turn. */
const { title, address } = document.querySelector(".waiting").dataset;
const events = new EventSource(address);
events.addEventListener("place", (event) => {
  const told = JSON.parse(event.data);
  for (const part of ["place", "reason"]) {
    const element = document.getElementById(part);
    // What is written again is read aloud again.
    if (element.textContent !== told[part]) element.textContent = told[part];
  }
  document.title = `${told.title} · ${title}`;
});
events.addEventListener("ready", () => {
  events.close();
  location.reload();
});
// The browser connects again by itself, unless it got an answer that is no stream.
const again = () => setTimeout(async () => {
  const answer = await fetch("/healthz").catch(() => null);
  if (answer?.ok) location.reload(); else again();
}, 5000);
events.addEventListener("error", () => {
  if (events.readyState === EventSource.CLOSED) again();
});
