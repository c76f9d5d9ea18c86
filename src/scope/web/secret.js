/** What stands behind "#key=" in the address, taken out of there at once. */
export function secretFromAddress() {
  const secret = new URLSearchParams(location.hash.slice(1)).get("key");
  if (secret) history.replaceState(null, "", location.pathname + location.search);
  return secret;
}
