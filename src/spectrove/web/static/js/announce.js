// @ts-check
/** What is said to everybody: on the screen's last line, and by screen readers. */

/**
 * Say something.
 * @param {string} text
 */
export function announce(text) {
  const host = document.getElementById("announce");
  if (host !== null) host.textContent = text;
}
