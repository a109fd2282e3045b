import { useEffect, useState } from 'react';

/** The bearer token. Beside it stands what the token says of itself; the server alone knows whether that is true. */
export function TokenField({ value, onChange }) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const commit = () => draft.trim() !== value && onChange(draft.trim().replace(/^Bearer\s+/i, ''));

  return (
    <div className="field token">
      <label htmlFor="token" title="Sent as Authorization: Bearer">
        Token
      </label>
      <input
        id="token"
        name="token"
        type="password"
        autoComplete="off"
        placeholder="none: paste one, or sign in"
        value={draft}
        onChange={event => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={event => event.key === 'Enter' && commit()}
      />
      {value && <Claims token={value} />}
      {value && (
        <button type="button" className="clear" aria-label="Forget the token" title="Forget the token" onClick={() => onChange('')}>
          ×
        </button>
      )}
    </div>
  );
}

function Claims({ token }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, []);

  const claims = claimsOf(token);
  if (!claims) {
    return <span className="claims bad">not a token</span>;
  }
  const minutes = Math.ceil((claims.exp * 1000 - now) / 60_000);
  const expired = minutes <= 0;
  const life = expired ? 'expired' : `${minutes} min left`;
  return <span className={expired ? 'claims bad' : 'claims'}>{[claims.role, life].filter(Boolean).join(' · ')}</span>;
}

function claimsOf(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(payload));
  } catch {
    return null;
  }
}
