// The tenant is kept for this tab, and for the next tab as its first choice. A token is worth something at one tenant
// only, so each tenant has its own; tokens die with the tab.

const TENANT = 'insula:tenant';
const tokenKey = tenant => `insula:token:${tenant}`;

/** The tenant to begin with: of the address bar, of this tab, of the last tab, or the first one that is on offer. */
export function restoreTenant(offered) {
  const asked = new URLSearchParams(location.search).get('tenant');
  const known = asked ?? sessionStorage.getItem(TENANT) ?? localStorage.getItem(TENANT);
  if (known !== null) {
    return known;
  }
  const pageNamesOne = offered.some(({ domain }) => domain === location.hostname);
  return pageNamesOne ? '' : (offered[0]?.domain ?? '');
}

export function rememberTenant(tenant) {
  sessionStorage.setItem(TENANT, tenant);
  localStorage.setItem(TENANT, tenant);
}

export function restoreToken(tenant) {
  return sessionStorage.getItem(tokenKey(tenant)) ?? '';
}

export function rememberToken(tenant, token) {
  if (token) {
    sessionStorage.setItem(tokenKey(tenant), token);
  } else {
    sessionStorage.removeItem(tokenKey(tenant));
  }
}
