/** Building blocks that send out waves: there is no webhook yet. */
export function WebhookIllustration() {
  return (
    <svg viewBox="0 0 160 110" fill="none" role="img" aria-label="Webhook illustration">
      <ellipse cx="80" cy="102" rx="62" ry="6" fill="var(--sunken)" />
      <rect x="34" y="58" width="40" height="40" rx="8" fill="var(--accent)" />
      <rect
        x="78"
        y="58"
        width="40"
        height="40"
        rx="8"
        fill="var(--accent-soft)"
        stroke="var(--accent)"
        strokeWidth="2"
      />
      <rect
        x="34"
        y="14"
        width="40"
        height="40"
        rx="8"
        fill="var(--accent-soft)"
        stroke="var(--accent)"
        strokeWidth="2"
      />
      <circle cx="98" cy="34" r="7" fill="var(--pink)" />
      <path
        d="M110 24a14 14 0 0 1 0 20M120 16a26 26 0 0 1 0 36"
        stroke="var(--pink)"
        strokeWidth="3"
        strokeLinecap="round"
      />
    </svg>
  )
}

/** A glass over empty lines: nothing was found. */
export function SearchIllustration() {
  return (
    <svg viewBox="0 0 160 110" fill="none" role="img" aria-label="Search illustration">
      <ellipse cx="80" cy="102" rx="62" ry="6" fill="var(--sunken)" />
      <rect x="30" y="16" width="84" height="80" rx="10" fill="var(--surface)" stroke="var(--line)" strokeWidth="2" />
      <path d="M44 36h44M44 52h30M44 68h38" stroke="var(--line)" strokeWidth="5" strokeLinecap="round" />
      <circle cx="100" cy="58" r="20" fill="var(--accent-soft)" stroke="var(--accent)" strokeWidth="4" />
      <path d="m115 73 15 15" stroke="var(--accent)" strokeWidth="7" strokeLinecap="round" />
    </svg>
  )
}
