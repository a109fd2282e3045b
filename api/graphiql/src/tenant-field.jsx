import { Combobox, ComboboxButton, ComboboxInput, ComboboxOption, ComboboxOptions } from '@headlessui/react';
import { useEffect, useState } from 'react';

/** A domain: typed freely, or picked from those that the server offers. Takes effect when one leaves it or picks. */
export function TenantField({ tenants, header, value, onChange }) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);

  const commit = domain => {
    const next = (domain ?? '').trim();
    setDraft(next);
    if (next !== value) {
      onChange(next);
    }
  };

  return (
    <Combobox as="div" className="field tenant" value={value} onChange={commit} immediate>
      <label htmlFor="tenant" title={`Sent as ${header}`}>
        Tenant
      </label>
      <ComboboxInput
        id="tenant"
        name="tenant"
        autoComplete="off"
        spellCheck="false"
        placeholder={`${location.hostname} (this page)`}
        displayValue={() => draft}
        onChange={event => setDraft(event.target.value)}
        onBlur={() => commit(draft)}
        onKeyDown={event => event.key === 'Enter' && !event.currentTarget.ariaActiveDescendant && commit(draft)}
      />
      {tenants.length > 0 && <ComboboxButton className="arrow" aria-label="Tenants on offer" />}
      <ComboboxOptions className="menu" anchor={{ to: 'bottom start', gap: 6, offset: -59 }}>
        {tenants.map(({ domain, label }) => (
          <ComboboxOption key={domain} value={domain} className="option">
            <strong>{label}</strong>
            <span>{domain}</span>
          </ComboboxOption>
        ))}
      </ComboboxOptions>
    </Combobox>
  );
}
