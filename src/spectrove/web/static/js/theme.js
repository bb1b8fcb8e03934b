// @ts-check
/** Light or dark: as the system wishes, until somebody chooses. */

const KEY = "spectrove.theme";
const root = document.documentElement;
const wished = matchMedia("(prefers-color-scheme: dark)");

/** @returns {string | null} */
function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** @param {string} theme */
function apply(theme) {
  root.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent("themechange"));
}

/** Change between light and dark, and remember it. */
export function toggleTheme() {
  const theme = root.dataset.theme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds until the page is closed.
  }
  apply(theme);
}

apply(chosen() ?? (wished.matches ? "dark" : "light"));
wished.addEventListener("change", () => {
  if (chosen() === null) apply(wished.matches ? "dark" : "light");
});
document.getElementById("theme-button")?.addEventListener("click", toggleTheme);
